"""Server-side apply that does nothing when there is nothing to do.

An apply that changes nothing still costs a request, and some "changes" (quantities, defaults) bump
the version of an object that stayed the same. So each applied object carries the hash of what was
wanted, and the request is left out when that hash is current and the live object still holds every
value we want. When a live object disagrees although the hash is current, somebody else changed it:
it is applied again and counted as drift.
"""

import hashlib
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import orjson

from polyant_operator.api import labels
from polyant_operator.kube.cache import Cache, trim
from polyant_operator.kube.client import Client
from polyant_operator.kube.fights import Fights
from polyant_operator.kube.kinds import Object, Ref, ref_of
from polyant_operator.observability import metrics

logger = logging.getLogger(__name__)

# The hash of what was last applied, on each applied object.
APPLIED: Final = f"{labels.GROUP}/applied"
# Comparisons remembered: the objects of the passes that run at one time.
_COMPARED: Final = 512
# Below these keys "1000m" and "1" are the same value.
_QUANTITY_PARENTS: Final = frozenset({"requests", "limits", "sizeLimit", "capacity", "hard"})
_QUANTITY: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei)?")
_UNITS: Final = {"k": 1000, "": 1} | {
    unit + suffix: base**power
    for suffix, base in (("", 1000), ("i", 1024))
    for power, unit in enumerate("KMGTPE", start=1)
}


def fingerprint(manifest: Mapping[str, Any]) -> str:
    """A short hash of a manifest that does not depend on the order of keys."""
    text = orjson.dumps(manifest, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:16]


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


class Held(Exception):
    """An object is not put right yet, because it was changed again each time."""

    def __init__(self, ref: Ref, seconds: float, repairs: int) -> None:
        super().__init__(f"{ref} was put right {repairs} times in a row")
        self.ref = ref
        self.seconds = seconds
        self.repairs = repairs


class Applier:
    """Applies manifests of one API server and remembers the answers in the cache."""

    def __init__(
        self, client: Client, cache: Cache, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._cache = cache
        self.fights = Fights(monotonic)
        # The hash that this process applied last; another one was not ours.
        self._applied: dict[Ref, str] = {}
        # What the API server made of a manifest that it keeps in another form than ours.
        self._settled: dict[Ref, tuple[str, str]] = {}
        # What was compared lately: a pass asks twice for each object, to write and to judge.
        self._compared: OrderedDict[Ref, tuple[str, str]] = OrderedDict()

    def is_current(self, manifest: Object, live: Mapping[str, Any] | None) -> bool:
        """Whether nothing would change if the manifest were applied."""
        stamp = fingerprint(manifest)
        return live is not None and self._is_current(ref_of(manifest), stamp, manifest, live)

    def is_new(self, manifest: Object, live: Mapping[str, Any]) -> bool:
        """Whether a manifest differs from what was last applied, whatever became of it since."""
        return _stamp_of(live) != fingerprint(manifest)

    async def apply(self, manifest: Object, live: Mapping[str, Any] | None) -> bool:
        """Make the live object hold the manifest; says whether something was written.

        `Held` when somebody else changed it so often lately that it has to wait.
        """
        ref, stamp = ref_of(manifest), fingerprint(manifest)
        if live is not None and self._is_current(ref, stamp, manifest, live):
            return False
        if live is not None and self._is_drift(ref, stamp, live):
            if (left := self.fights.left(ref)) > 0:
                metrics.drift_repeats.labels(ref.kind.kind).inc()
                raise Held(ref, left, self.fights.repairs(ref))
            self.fights.repaired(ref)
            metrics.drift_repaired.labels(ref.kind.kind).inc()
            logger.info("%s was changed by somebody else and is put back", ref)
        answer = await self._client.apply(_stamped(manifest, stamp))
        self._applied[ref] = stamp
        self._remember(ref, stamp, manifest, answer)
        return True

    def _is_drift(self, ref: Ref, stamp: str, live: Mapping[str, Any]) -> bool:
        """Whether somebody changed what is wanted still: a value, or all of it as another operator."""
        return stamp in (_stamp_of(live), self._applied.get(ref))

    def _is_current(self, ref: Ref, stamp: str, manifest: Object, live: Mapping[str, Any]) -> bool:
        if _stamp_of(live) != stamp:
            return False
        told = (stamp, live["metadata"].get("resourceVersion"))
        if told in (self._settled.get(ref), self._compared.get(ref)):
            return True
        if not holds(live, manifest):
            return False
        self._compared[ref] = told
        if len(self._compared) > _COMPARED:
            self._compared.popitem(last=False)
        return True

    def _remember(self, ref: Ref, stamp: str, manifest: Object, answer: Object) -> None:
        self._cache.put(answer)
        self._settled.pop(ref, None)
        if not holds(trim(answer), manifest):
            self._settled[ref] = (stamp, answer["metadata"]["resourceVersion"])
            logger.debug("%s is kept by the API server in another form than it was sent", ref)


def _stamp_of(live: Mapping[str, Any]) -> str | None:
    annotations = live["metadata"].get("annotations") or {}
    return annotations.get(APPLIED)


def _stamped(manifest: Object, stamp: str) -> Object:
    metadata = manifest["metadata"]
    annotations = (metadata.get("annotations") or {}) | {APPLIED: stamp}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}
