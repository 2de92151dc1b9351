"""What happens when a watch delivers: the cache learns, and the instance's key is wanted.

Nothing is decided here. What is no news (our own writes coming back, a list of what is known) wants
nothing, so the operator never triggers itself.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from polyant_operator.handlers.queue import Key, Priority, WorkQueue
from polyant_operator.kube.cache import Cache, instance_of
from polyant_operator.kube.kinds import INSTANCE, Object

logger = logging.getLogger(__name__)

DELETED = "DELETED"


class Feed:
    """Takes events of watches, in the main event loop."""

    def __init__(self, cache: Cache, queue: WorkQueue, canary: Callable[[], None]) -> None:
        self._cache = cache
        self._queue = queue
        self._canary = canary

    def object_changed(self, event: str | None, obj: Object) -> None:
        """An instance or one of its children changed."""
        key = _key_of(obj)
        if event == DELETED:
            self._cache.drop(obj)
            news = True
        else:
            news = self._cache.put(obj)
        if news and key is not None:
            self._queue.add(key, Priority.USER)

    def is_old_news(self, event: str | None, obj: Mapping[str, Any]) -> bool:
        """Whether an event need not be passed on; asked in the watches' thread."""
        return event != DELETED and self._cache.knows(obj)

    def secret_changed(self, event: str | None, obj: Object) -> None:
        """A Secret with the reload label changed: any instance beside it may use it."""
        namespace = obj["metadata"]["namespace"]
        if event is None:
            return  # a first list is no change; the start works on every instance anyway
        for ref in self._cache.refs(INSTANCE):
            if ref.namespace == namespace:
                self._queue.add(Key(namespace, ref.name), Priority.USER)

    def lease_changed(self, event: str | None, obj: Object) -> None:  # noqa: ARG002 (one shape for all)
        """Our own renewal came back through a watch: the watches are alive."""
        self._canary()


def _key_of(obj: Mapping[str, Any]) -> Key | None:
    metadata = obj["metadata"]
    name = metadata["name"] if obj["kind"] == INSTANCE.kind else instance_of(obj)
    return Key(metadata["namespace"], name) if name else None
