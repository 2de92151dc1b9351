"""Whether a live object holds what is wanted, however the API server writes it.

More than is wanted is somebody else's: a label, a container of a sidecar injector, a default.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

# Below these keys "1000m" and "1" are the same value.
_QUANTITY_PARENTS: Final = frozenset({"requests", "limits", "sizeLimit", "capacity", "hard"})
_QUANTITY: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei)?")
_UNITS: Final = {"k": 1000, "": 1} | {
    unit + suffix: base**power
    for suffix, base in (("", 1000), ("i", 1024))
    for power, unit in enumerate("KMGTPE", start=1)
}


def holds(live: Any, wanted: Any, *, quantity: bool = False) -> bool:
    """Whether a live value holds everything that is wanted; more than that is somebody else's."""
    if live == wanted:
        return True  # most parts are: the interpreter compares them faster than we walk them
    if live is None:
        return wanted in ("", [], (), {})  # the API server drops empty values
    if isinstance(wanted, dict):
        return isinstance(live, dict) and _dict_holds(live, wanted, quantity=quantity)
    if isinstance(wanted, list | tuple):
        return isinstance(live, list) and _list_holds(live, wanted)
    return quantity and bool(_amount(live) == _amount(wanted))


def _dict_holds(live: dict[str, Any], wanted: dict[str, Any], *, quantity: bool) -> bool:
    for name, value in wanted.items():
        found = live.get(name)
        # Compared here first: nine of ten are equal and cost no call.
        if found != value and not holds(
            found, value, quantity=quantity or name in _QUANTITY_PARENTS
        ):
            return False
    return True


def _list_holds(live: list[Any], wanted: Sequence[Any]) -> bool:
    if wanted and _are_told_apart_by_name(wanted):
        named = {item["name"]: item for item in live if isinstance(item, dict) and "name" in item}
        return all(holds(named.get(item["name"]), item) for item in wanted)
    return len(live) == len(wanted) and all(map(holds, live, wanted))


def _are_told_apart_by_name(items: Sequence[Any]) -> bool:
    # Two listeners of one Gateway are two parents of one name.
    names = [item["name"] for item in items if isinstance(item, dict) and "name" in item]
    return len(names) == len(items) == len(set(names))


def _amount(value: Any) -> Any:
    match = _QUANTITY.fullmatch(str(value))
    if not match:
        return value
    number, unit = Decimal(match[1]), match[2]
    return number / 1000 if unit == "m" else number * _UNITS[unit or ""]


def kept(live: Any, wanted: Any) -> Any:
    """What a live value holds in the places that are wanted: the form it was given there."""
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        return {name: kept(live.get(name), value) for name, value in wanted.items()}
    is_list = isinstance(live, list) and isinstance(wanted, list | tuple)
    if is_list and wanted and _are_told_apart_by_name(wanted):
        named = {item["name"]: item for item in live if isinstance(item, dict) and "name" in item}
        return [kept(named.get(item["name"]), item) for item in wanted]
    return live
