"""What a server-side apply would change in a live object, field by field.

Wanted values that the live object does not hold, and fields that our manager owns there and no longer
wants, which the API server removes. The rest is somebody else's and stays.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from polyant_operator.api import labels
from polyant_operator.kube.comparison import holds

_QUANTITIES: Final = frozenset({"requests", "limits", "sizeLimit", "capacity", "hard"})
# Notes of the operator for itself: no change of theirs is one that people ask for.
_NOTES: Final = frozenset({labels.APPLIED, labels.ROLLOUT, labels.RELEASE, labels.TEMPLATE_DIGEST})

Path = tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """One field before and after; None stands for a field that is not there."""

    path: Path
    before: Any
    after: Any

    @property
    def text(self) -> str:
        """Write the path as people do: `spec.template.spec.containers[engine].image`."""
        return "".join(self.path).removeprefix(".")


def differences(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[Difference, ...]:
    """List every field that would change, in the order of the manifest; removed ones last."""
    asked = _without_notes(wanted)
    changed = [*_changed(live, asked, ()), *_removed(live, asked, _owned(live), ())]
    return tuple(each for each in changed if not _NOTES & {step[1:-1] for step in each.path})


def _without_notes(wanted: Mapping[str, Any]) -> dict[str, Any]:
    metadata = wanted["metadata"]
    annotations = metadata.get("annotations") or {}
    kept = {name: value for name, value in annotations.items() if name not in _NOTES}
    rest = {name: value for name, value in metadata.items() if name != "annotations"}
    return {**wanted, "metadata": {**rest, **({"annotations": kept} if kept else {})}}


def _changed(live: Any, wanted: Any, path: Path) -> Iterator[Difference]:
    quantity = bool(path) and path[-1].startswith(".") and path[-1][1:] in _QUANTITIES
    if holds(live, wanted, quantity=quantity):
        return
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        for name, value in wanted.items():
            yield from _changed(live.get(name), value, (*path, _step(name)))
    elif _is_keyed(live) and _is_keyed(wanted):
        known = {item["name"]: item for item in live}
        for item in wanted:
            yield from _changed(known.get(item["name"]), item, (*path, f"[{item['name']}]"))
    elif isinstance(live, list) and isinstance(wanted, list) and len(live) == len(wanted):
        for index, (before, after) in enumerate(zip(live, wanted, strict=True)):
            yield from _changed(before, after, (*path, f"[{index}]"))
    else:
        yield Difference(path, live, wanted)


def _removed(live: Any, wanted: Any, owned: Mapping[str, Any], path: Path) -> Iterator[Difference]:
    for key, below in owned.items():
        kind, _, text = key.partition(":")
        if kind == "f" and isinstance(live, Mapping) and text in live:
            here = (*path, _step(text))
            child = wanted.get(text) if isinstance(wanted, Mapping) else None
            if child is None:
                yield Difference(here, live[text], None)
            else:
                yield from _removed(live[text], child, below, here)
        elif kind == "k" and isinstance(live, list):
            yield from _removed_entry(live, wanted, (json.loads(text), below), path)


def _removed_entry(
    live: list[Any], wanted: Any, owned: tuple[Mapping[str, Any], Mapping[str, Any]], path: Path
) -> Iterator[Difference]:
    keys, below = owned
    before, after = _entry(live, keys), _entry(wanted or [], keys)
    here = (*path, f"[{next(iter(keys.values()))}]")
    if before is not None and after is None:
        yield Difference(here, before, None)
    elif before is not None:
        yield from _removed(before, after, below, here)


def _entry(items: list[Any], keys: Mapping[str, Any]) -> Any:
    # A key that has a default may be left out of a manifest.
    fitting = (
        item
        for item in items
        if isinstance(item, Mapping) and all(item.get(key, keys[key]) == keys[key] for key in keys)
    )
    return next(fitting, None)


def _owned(live: Mapping[str, Any]) -> Mapping[str, Any]:
    for entry in live["metadata"].get("managedFields") or ():
        ours = entry.get("manager") == labels.MANAGER and entry.get("operation") == "Apply"
        if ours and not entry.get("subresource"):
            fields = entry.get("fieldsV1")
            return fields if isinstance(fields, Mapping) else {}
    return {}


def _is_keyed(items: Any) -> bool:
    return (
        isinstance(items, list)
        and bool(items)
        and all(isinstance(item, Mapping) and "name" in item for item in items)
    )


def _step(name: str) -> str:
    return f".{name}" if name.replace("_", "").isalnum() else f"[{name}]"
