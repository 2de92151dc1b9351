"""Two field managers keep their entries of every list that has keys, and nothing drifts."""

from typing import Any

import pytest

from polyant_operator.api.instance import parse
from support import maximal
from support.refusal import instance
from support.resources import Resources
from support.schema import SPEC, Schema, nodes

pytestmark = pytest.mark.integration

# Lists that one manager has as a whole, by their last word.
ATOMIC = {
    "tolerations": "as in a pod",
    "command": "an order",
    "args": "an order",
    "envFrom": "an order: later sources win; as in a pod",
    "items": "as in a volume",
    "add": "as in a pod",
    "drop": "as in a pod",
    "parentRefs": "no field but all together is a key",
    "edgeFrom": "peers have no key",
    "metricsFrom": "peers have no key",
    "allow": "rules have no key",
    "to": "peers have no key",
    "ports": "ranges have no key",
    "except": "part of a rule without a key",
    "values": "as in Kubernetes",
    "matchExpressions": "as in Kubernetes",
    "matchFields": "as in Kubernetes",
    "nodeSelectorTerms": "as in Kubernetes",
    "namespaces": "as in Kubernetes",
    "preferredDuringSchedulingIgnoredDuringExecution": "as in Kubernetes",
    "requiredDuringSchedulingIgnoredDuringExecution": "as in Kubernetes",
    "matchLabelKeys": "as in Kubernetes",
    "mismatchLabelKeys": "as in Kubernetes",
}


def test_every_list_without_keys_has_a_reason() -> None:
    atomic = {
        node.path.rpartition(".")[2]
        for node in nodes(SPEC)
        if node.schema.get("x-kubernetes-list-type") == "atomic"
    }

    assert atomic - set(ATOMIC) == set()


@pytest.mark.parametrize("variant", maximal.VARIANTS)
def test_two_managers_keep_their_entries(resources: Resources, variant: int) -> None:
    spec = maximal.spec(variant)
    resources.apply({**instance(), "spec": spec}, "first")
    merged = resources.apply({**instance(), "spec": _second(SPEC, spec)}, "second")["spec"]

    lost = [path for path, held in _lists(SPEC, merged, "spec") if held < 2]

    assert lost == []


@pytest.mark.parametrize("variant", maximal.VARIANTS)
def test_applying_everything_again_changes_nothing(resources: Resources, variant: int) -> None:
    first = resources.apply(maximal.body(variant), "gitops")
    second = resources.apply(maximal.body(variant), "gitops")
    third = resources.apply(maximal.body(variant), "gitops")

    assert (
        second["metadata"]["generation"],
        second["metadata"]["resourceVersion"],
        parse(first).spec,
    ) == (1, third["metadata"]["resourceVersion"], parse(maximal.body(variant)).spec)


def _second(schema: Schema, value: Any) -> Any:
    """Make what another manager adds: a second entry everywhere, and the way to it."""
    if isinstance(value, dict) and "properties" in schema:
        children = {
            name: _second(schema["properties"][name], child) for name, child in value.items()
        }
        return {name: child for name, child in children.items() if child}
    match schema.get("x-kubernetes-list-type"):
        case "set":
            return [f"{value[0]}b"]
        case "map":
            keys = schema["x-kubernetes-list-map-keys"]
            way = {key: value[0][key] for key in keys} | _second(schema["items"], value[0])
            other = {**value[0], keys[0]: _other(value[0][keys[0]])}
            return [way, other]
        case _:
            return None


def _other(key: Any) -> Any:
    return key + 1 if isinstance(key, int) else f"{key}b"


def _lists(schema: Schema, value: Any, path: str) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    if isinstance(value, dict):
        for name, child in value.items():
            inner = schema.get("properties", {}).get(name, {})
            found += _lists(inner, child, f"{path}.{name}")
    if schema.get("x-kubernetes-list-type") in {"map", "set"}:
        found.append((path, len(value)))
        # The entry that only the second manager has is its own as a whole.
        found += _lists(schema["items"], value[0], f"{path}[0]")
    return found
