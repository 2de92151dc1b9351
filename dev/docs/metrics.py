"""`python -m dev.docs.metrics` writes `docs/reference/metrics.md` from the registries of the processes.

A test fails when the page is out of date; another compares alerts and dashboards with the same table.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry

from polyant_engine.conversations.call_log import BufferedCallLog
from polyant_engine.conversations.metrics import TurnMetrics
from polyant_engine.core.metrics import Metrics as EngineMetrics
from polyant_engine.leadership.metrics import ElectionMetrics
from polyant_operator.observability import metrics as operator
from polyant_web.observability.metrics import Metrics as WebMetrics

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"

OPENING = """\
# Metrics

Made by `python -m dev.docs.metrics` from the registries of the three processes: change them there.

All are served as `/metrics` in Prometheus' text format: by the operator on port 8080, by engine and
panel on port 9090. No label carries free text, an address or anything a user wrote.
`docs/howto/monitoring.md` says how to scrape them, which alerts and dashboards there are.
"""
ABOUT: Final[Mapping[str, str]] = {
    "Operator": "Of the queue and the reconciles under the names that controller-runtime gave them, so that"
    " dashboards\nfor controllers work. Series about instances come from the replica that leads.",
    "Engine": "Scraped through the PodMonitor of an instance they also have the labels `namespace`, `pod`,\n"
    "`polyant_instance` and `component`.",
    "Panel": "With the same labels when scraped through the PodMonitor.",
}


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric as a person may look it up."""

    name: str
    kind: str
    labels: tuple[str, ...]
    about: str

    @property
    def series(self) -> Mapping[str, frozenset[str]]:
        """The names that a query may use, with their labels."""
        own = frozenset(self.labels)
        if self.kind == "histogram":
            plain = {f"{self.name}_{ending}": own for ending in ("count", "sum")}
            return {**plain, f"{self.name}_bucket": own | {"le"}}
        return {self.name: own}


class _NoCopier:
    """Stands where a database would: only names are read here, so a call is a mistake of this page."""

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        raise NotImplementedError("this page reads names and writes no rows")


def processes() -> Mapping[str, tuple[Metric, ...]]:
    """Give the metrics of each process, from a registry as it has it."""
    engine = EngineMetrics()
    TurnMetrics(engine.registry)
    ElectionMetrics(engine.registry)
    BufferedCallLog(_NoCopier(), engine.registry)
    registries = {
        "Operator": operator.REGISTRY,
        "Engine": engine.registry,
        "Panel": WebMetrics().registry,
    }
    return {name: tuple(of(registry)) for name, registry in registries.items()}


def of(registry: CollectorRegistry) -> Iterator[Metric]:
    """List what a registry exports, in a fixed order."""
    labels = _labels(registry)
    for family in sorted(registry.collect(), key=lambda each: each.name):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        seen = {label for sample in family.samples for label in sample.labels} - {"le"}
        yield Metric(
            name=name,
            kind=family.type,
            labels=labels.get(family.name) or tuple(sorted(seen)),
            about=family.documentation,
        )


def _labels(registry: CollectorRegistry) -> dict[str, tuple[str, ...]]:
    # The library tells the labels of a metric only once it has a series.
    collectors = list(registry._collector_to_names)  # noqa: SLF001 (no public way)
    return {
        str(each._name): tuple(each._labelnames)  # noqa: SLF001 (no public way)
        for each in map(_as_any, collectors)
        if hasattr(each, "_labelnames")
    }


def _as_any(collector: object) -> Any:
    return collector


def page() -> str:
    """Give the whole page."""
    return OPENING + "".join(_section(name, found) for name, found in processes().items())


def _section(name: str, found: Iterable[Metric]) -> str:
    head = (
        f"\n## {name}\n{ABOUT[name]}\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n"
    )
    rows = (
        f"| `{each.name}` | {each.kind} | {', '.join(f'`{label}`' for label in each.labels)} |"
        f" {each.about} |\n"
        for each in found
    )
    return head + "".join(rows)


def main() -> int:
    """Write the page."""
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
