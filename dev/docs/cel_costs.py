"""Write docs/reference/cel-costs.md: `python -m dev.docs.cel_costs`, with a real API server.

The API server estimates what each CEL rule may cost at most and refuses a CRD above its budget. It
tells a cost only of what is too dear, so the schema is put into lists of more and more entries, which
multiplies every cost, until each rule has been told by how much it is above the budget.
"""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import yaml

from dev.cluster import controlplane, tools
from dev.docs.crd_reference import CRD, ROOT

PAGE: Final = ROOT / "docs" / "reference" / "cel-costs.md"
# In units of the API server: for one rule, and for all rules of a version together.
RULE: Final = 10_000_000
WHOLE: Final = 100_000_000
TIMES: Final = (2, 3, 5, 10, 20, 50, 100, 1000, 10_000, 100_000)
SHOWN: Final = 25
FACTOR: Final = re.compile(
    r"\* (?P<place>\S+): Forbidden: .*exceeds budget by factor of (?P<factor>[0-9.]+)x"
)
HEAD: Final = """\
# Costs of the rules

<!-- Written by `python -m dev.docs.cel_costs`, which measures with a real API server. -->

The API server estimates what each rule of the CRD may cost at most, by the bounds of what it looks at, and refuses a CRD above
its budget: 10 million units for one rule, 100 million for all of them. It counts each place of a rule: what is said of pods is there
three times.

"""


def measured() -> tuple[float, dict[str, float]]:
    """Give the cost of everything, and of each rule that could be measured."""
    whole, rules = 0.0, dict[str, float]()
    with tempfile.TemporaryDirectory() as folder, controlplane.ControlPlane(Path(folder)) as plane:
        for times in TIMES:
            for place, factor in _too_dear(plane.access.kubeconfig, times):
                if place.endswith("openAPIV3Schema"):
                    whole = whole or factor * WHOLE / times
                else:
                    rules.setdefault(_path(place), factor * RULE / times)
    return whole, rules


def page(whole: float, rules: dict[str, float]) -> str:
    """Write the table: the dearest rules, all places of one kind in one row."""
    together: dict[str, list[float]] = {}
    for place, cost in rules.items():
        together.setdefault(
            re.sub(r"^spec\.(podDefaults|engine\.pod|web\.pod)", "(pod)", place), []
        ).append(cost)
    dearest = sorted(together.items(), key=lambda each: -sum(each[1]))
    rows = [
        f"| `{place}` | {len(costs)} | {max(costs) / RULE:.2%} | {sum(costs) / WHOLE:.2%} |\n"
        for place, costs in dearest[:SHOWN]
    ]
    text = (
        f"All rules together: **{whole / WHOLE:.0%}** of the budget. {len(rules)} rules are dear enough to be"
        f" measured; the dearest is at {max(rules.values()) / RULE:.0%} of what one rule may cost.\n\n"
    )
    table = "| rule at | places | of one rule's budget | of the whole budget |\n|---|---|---|---|\n"
    return HEAD + text + f"The {SHOWN} dearest:\n\n" + table + "".join(rows)


def _too_dear(kubeconfig: Path, times: int) -> Iterator[tuple[str, float]]:
    command = [str(tools.binary("kubectl")), f"--kubeconfig={kubeconfig}"]
    command += ["create", "--dry-run=server", "-f", "-"]
    text = json.dumps(_repeated(times))
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    for found in FACTOR.finditer(done.stderr):
        yield found["place"], float(found["factor"])


def _repeated(times: int) -> dict[str, Any]:
    """Make a CRD whose objects hold so many specs."""
    crd: dict[str, Any] = yaml.safe_load(CRD.read_text())
    crd["metadata"] = {"name": "costs.cost.test"}
    names = {"kind": "Cost", "listKind": "CostList", "plural": "costs", "singular": "cost"}
    crd["spec"] |= {"group": "cost.test", "names": names}
    (version,) = crd["spec"]["versions"]
    spec = _lasting(version["schema"]["openAPIV3Schema"]["properties"]["spec"])
    many = {"type": "array", "maxItems": times, "items": spec}
    root = {"type": "object", "properties": {"many": many}}
    kept = {key: version[key] for key in ("name", "served", "storage")}
    crd["spec"]["versions"] = [{**kept, "schema": {"openAPIV3Schema": root}}]
    return crd


def _lasting(node: Any) -> Any:
    """Leave out rules about changes, which have no place in a list; they are few and cheap."""
    if isinstance(node, list):
        return [_lasting(child) for child in node]
    if not isinstance(node, dict):
        return node
    copied = deepcopy(
        {name: child for name, child in node.items() if name != "x-kubernetes-validations"}
    )
    rules = [r for r in node.get("x-kubernetes-validations", ()) if "oldSelf" not in r["rule"]]
    told = {"x-kubernetes-validations": rules} if rules else {}
    return {name: _lasting(child) for name, child in copied.items()} | told


def _path(place: str) -> str:
    """Write a place of the API server's as people do; the number of the rule stays."""
    steps = re.findall(
        r"properties\[(\w+)\]|(items)|(additionalProperties)|(validations)\[(\d+)\]\.(\w+)", place
    )
    path = "spec"
    for name, items, entries, _, number, part in steps[1:]:
        path += f".{name}" if name else "[]" if items else "{}" if entries else f" {part} {number}"
    return path.replace("spec[]", "spec", 1)


def main() -> None:
    """Measure and write the page."""
    PAGE.write_text(page(*measured()), encoding="utf-8")


if __name__ == "__main__":
    main()
