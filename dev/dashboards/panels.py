"""The parts of a dashboard, and how they lie: rows of panels, 24 columns wide."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Json = dict[str, Any]

COLUMNS: Final = 24
SOURCE: Final[Json] = {"type": "prometheus", "uid": "${datasource}"}
HEIGHT: Final = 8
SMALL_HEIGHT: Final = 4


@dataclass(frozen=True, kw_only=True)
class Query:
    """One PromQL expression and what its series are called."""

    expression: str
    legend: str = ""
    # Of the moment, not of the time range: for tables and single numbers.
    instant: bool = False


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One picture."""

    title: str
    queries: tuple[Query, ...]
    about: str = ""
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 8
    height: int = HEIGHT
    options: Json = field(default_factory=dict)
    defaults: Json = field(default_factory=dict)
    transformations: tuple[Json, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A choice at the top."""

    name: str
    label: str
    # The values that a label has in the series of an expression.
    expression: str
    values_of: str

    @property
    def query(self) -> str:
        """Write it as Grafana's function."""
        return f"label_values({self.expression}, {self.values_of})"


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """A page of panels."""

    uid: str
    title: str
    about: str
    panels: tuple[Panel, ...]
    variables: tuple[Variable, ...] = ()


def stat(title: str, expression: str, about: str = "", **more: Any) -> Panel:
    """One number."""
    queries = (Query(expression=expression, instant=True),)
    return Panel(
        title=title,
        queries=queries,
        about=about,
        kind="stat",
        height=SMALL_HEIGHT,
        **{"width": 6, **more},
    )


def graph(title: str, *queries: Query, **more: Any) -> Panel:
    """Lines over time."""
    return Panel(title=title, queries=queries, **more)


def rendered(dashboard: Dashboard) -> Json:
    """Write a dashboard as Grafana reads it."""
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.about,
        "tags": ["polyant"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [_source(), *map(_variable, dashboard.variables)]},
        "panels": list(_placed(dashboard.panels)),
    }


def _placed(panels: Sequence[Panel]) -> Iterator[Json]:
    x = y = row = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > COLUMNS:
            x, y, row = 0, y + row, 0
        yield {"id": number, "gridPos": _place(panel, x, y), **_panel(panel)}
        x, row = x + panel.width, max(row, panel.height)


def _place(panel: Panel, x: int, y: int) -> Json:
    return {"x": x, "y": y, "w": panel.width, "h": panel.height}


def _panel(panel: Panel) -> Json:
    drawn: Json = {
        "type": panel.kind,
        "title": panel.title,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit, **panel.defaults}, "overrides": []},
        "targets": [_target(query, "ABCDEFGH"[place]) for place, query in enumerate(panel.queries)],
    }
    if panel.about:
        drawn["description"] = panel.about
    if panel.options:
        drawn["options"] = panel.options
    if panel.transformations:
        drawn["transformations"] = list(panel.transformations)
    return drawn


def _target(query: Query, letter: str) -> Json:
    target: Json = {"refId": letter, "datasource": SOURCE, "expr": query.expression}
    if query.legend:
        target["legendFormat"] = query.legend
    if query.instant:
        target |= {"instant": True, "range": False}
    return target


def _source() -> Json:
    return {"name": "datasource", "label": "Source", "type": "datasource", "query": "prometheus"}


def _variable(variable: Variable) -> Json:
    return {
        "name": variable.name,
        "label": variable.label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": variable.query, "refId": variable.name},
        "refresh": 2,
        "sort": 1,
        "includeAll": False,
    }
