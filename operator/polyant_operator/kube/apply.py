"""Server-side apply that does nothing when there is nothing to do.

An apply that changes nothing still costs a request, and some "changes" (quantities, defaults) bump
the version of an object that stayed the same. So each applied object carries the hash of what was
wanted, and the request is left out when that hash is current and the live object still holds every
value we want. When a live object disagrees although the hash is current, somebody else changed it:
it is applied again and counted as drift.
"""

import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import orjson

from polyant_operator.api import labels
from polyant_operator.kube.cache import Cache, trim
from polyant_operator.kube.client import Client
from polyant_operator.kube.comparison import holds, kept
from polyant_operator.kube.differences import differences
from polyant_operator.kube.fights import Fights
from polyant_operator.kube.kinds import Object, Ref, ref_of
from polyant_operator.observability import metrics

logger = logging.getLogger(__name__)

# Comparisons remembered: the objects of the passes that run at one time.
_COMPARED: Final = 512
# So many fields are named of an object that is otherwise than it was sent.
_NAMED: Final = 5
# How long such an object is left alone: nobody tells us that the policy is gone.
SETTLED_SECONDS: Final = 3600.0


def fingerprint(manifest: Mapping[str, Any]) -> str:
    """A short hash of a manifest that does not depend on the order of keys."""
    text = orjson.dumps(manifest, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:16]


class Held(Exception):
    """An object is not put right yet, because it was changed again each time."""

    def __init__(self, ref: Ref, seconds: float, repairs: int) -> None:
        super().__init__(f"{ref} was put right {repairs} times in a row")
        self.ref = ref
        self.seconds = seconds
        self.repairs = repairs


class _Settled(NamedTuple):
    """What became of a manifest on its way in."""

    stamp: str
    # Of what is wanted, as it is held.
    form: str
    # From then on it is tried once more.
    until: float


class Applier:
    """Applies manifests of one API server and remembers the answers in the cache."""

    def __init__(
        self, client: Client, cache: Cache, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._cache = cache
        self._monotonic = monotonic
        self.fights = Fights(monotonic)
        # The hash that this process applied last; another one was not ours.
        self._applied: dict[Ref, str] = {}
        # By a policy, or in the API server's own form. Who has the last word at every write is not
        # written against; the object's version would not do, it moves with each status.
        self._settled: dict[Ref, _Settled] = {}
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
        is_current = live is not None and self._is_current(ref, stamp, manifest, live)
        if is_current and not self._is_due(ref):
            return False
        is_drift = live is not None and self._is_drift(ref, stamp, live)
        if is_drift and (left := self.fights.left(ref)) > 0:
            metrics.drift_repeats.labels(ref.kind.kind).inc()
            raise Held(ref, left, self.fights.repairs(ref))
        if is_drift:
            self.fights.repaired(ref)
        answer = await self._client.apply(_stamped(manifest, stamp))
        self._applied[ref] = stamp
        if is_drift and kept(live, manifest) != kept(answer, manifest):
            metrics.drift_repaired.labels(ref.kind.kind).inc()
            logger.info("%s was changed by somebody else and is put back", ref)
        self._remember(ref, stamp, manifest, answer)
        return True

    def _is_drift(self, ref: Ref, stamp: str, live: Mapping[str, Any]) -> bool:
        """Whether somebody changed what is wanted still: a value, or all of it as another operator."""
        return stamp in (_stamp_of(live), self._applied.get(ref))

    def _is_current(self, ref: Ref, stamp: str, manifest: Object, live: Mapping[str, Any]) -> bool:
        if _stamp_of(live) != stamp:
            return False
        told = (stamp, live["metadata"].get("resourceVersion"))
        if told == self._compared.get(ref):
            return True
        if not holds(live, manifest):
            return self._is_settled(ref, stamp, manifest, live)
        self._compared[ref] = told
        if len(self._compared) > _COMPARED:
            self._compared.popitem(last=False)
        return True

    def _is_settled(self, ref: Ref, stamp: str, manifest: Object, live: Mapping[str, Any]) -> bool:
        known = self._settled.get(ref)
        form = (stamp, fingerprint(kept(live, manifest)))
        return known is not None and (known.stamp, known.form) == form

    def _is_due(self, ref: Ref) -> bool:
        """Whether it is time to see if the policy is gone."""
        known = self._settled.get(ref)
        return known is not None and self._monotonic() >= known.until

    def _remember(self, ref: Ref, stamp: str, manifest: Object, answer: Object) -> None:
        self._cache.put(answer)
        before = self._settled.pop(ref, None)
        if holds(trim(answer), manifest):
            return
        form = fingerprint(kept(answer, manifest))
        self._settled[ref] = _Settled(stamp, form, self._monotonic() + SETTLED_SECONDS)
        if before is None or (before.stamp, before.form) != (stamp, form):
            fields = ", ".join(each.text for each in differences(answer, manifest)[:_NAMED])
            logger.info(
                "%s is otherwise than it was sent, by a policy or a default: %s", ref, fields
            )


def _stamp_of(live: Mapping[str, Any]) -> str | None:
    annotations = live["metadata"].get("annotations") or {}
    return annotations.get(labels.APPLIED)


def _stamped(manifest: Object, stamp: str) -> Object:
    metadata = manifest["metadata"]
    annotations = (metadata.get("annotations") or {}) | {labels.APPLIED: stamp}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}
