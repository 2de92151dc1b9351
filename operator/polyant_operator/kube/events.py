"""Events on instances: each said once, and never more than a person can read.

An event repeats what a condition says at the moment it changes. The same text for the same object
is posted once an hour at most, and all of an object together ten an hour.
"""

import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from polyant_operator.kube import errors
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import EVENT, Object

logger = logging.getLogger(__name__)

REPEAT_SECONDS: Final = 3600.0
PER_OBJECT: Final = 10
_REMEMBERED: Final = 5000
_MESSAGE_BYTES: Final = 1000
_COMPONENT: Final = "polyant-operator"


class Recorder:
    """Posts events; failures are logged and never disturb the work."""

    def __init__(
        self, client: Client, monotonic: Callable[[], float], wall_clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._monotonic = monotonic
        self._wall_clock = wall_clock
        self._said: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._posted: OrderedDict[str, deque[float]] = OrderedDict()

    async def say(self, about: Mapping[str, Any], kind: str, reason: str, message: str) -> bool:
        """Post an event of type Normal or Warning, unless it was said lately."""
        if not self._may_say(about["metadata"]["uid"], f"{kind} {reason}", message):
            return False
        try:
            await self._client.create(self._event(about, kind, reason, message))
        except errors.KubeError as error:
            # A namespace that is being deleted takes none, which is no news for anybody.
            logger.info("An event could not be posted: %s", error)
        return True

    def _may_say(self, uid: str, reason: str, message: str) -> bool:
        now = self._monotonic()
        since = now - REPEAT_SECONDS
        said = self._said.get((uid, reason, message))
        posted = self._posted.setdefault(uid, deque(maxlen=PER_OBJECT))
        full = len(posted) == PER_OBJECT and posted[0] > since
        if full or (said is not None and said > since):
            return False
        self._said[uid, reason, message] = now
        posted.append(now)
        for memory in (self._said, self._posted):
            while len(memory) > _REMEMBERED:
                memory.popitem(last=False)
        return True

    def _event(self, about: Mapping[str, Any], kind: str, reason: str, message: str) -> Object:
        metadata = about["metadata"]
        stamp = self._wall_clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "apiVersion": EVENT.api_version,
            "kind": EVENT.kind,
            "metadata": {
                "namespace": metadata["namespace"],
                "generateName": f"{metadata['name']}.",
            },
            "involvedObject": {
                "apiVersion": about["apiVersion"],
                "kind": about["kind"],
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
            },
            "type": kind,
            "reason": reason,
            "message": message[:_MESSAGE_BYTES],
            "source": {"component": _COMPONENT},
            "reportingComponent": _COMPONENT,
            "firstTimestamp": stamp,
            "lastTimestamp": stamp,
            "count": 1,
        }
