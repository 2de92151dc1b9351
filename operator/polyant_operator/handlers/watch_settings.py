"""How kopf is set so that it watches and does no more: what it may see, keep and compare."""

from collections.abc import Iterable
from typing import Any, Final

import kopf
from typing_extensions import override

from polyant_operator.api import labels
from polyant_operator.kube import shards
from polyant_operator.kube.kinds import INSTANCE, LEASE, SECRET, WATCHED_CHILDREN, Kind

# A worker per object holds the object until it ends; by default it waits 5 s for another event.
# Not 0: before Python 3.12 `asyncio.wait_for` with 0 never takes what is there.
IDLE_SECONDS: Final = 0.05
# All kinds are listed at one time, and a piece is dictionaries: 250 of each took 35 MB more.
CHUNK: Final = 50


class NoDiff(kopf.DiffBaseStorage):
    """No differences: nobody asks for them, and kopf would copy every object it sees to find some."""

    @override
    def fetch(self, *, body: kopf.Body) -> None:
        """Remember nothing."""
        return

    @override
    def build(
        self, *, body: kopf.Body, extra_fields: Iterable[Any] | None = None
    ) -> kopf.BodyEssence:
        """Find nothing worth comparing."""
        return kopf.BodyEssence()

    @override
    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Write nothing."""


def settings(lease_name: str, shard: str = "") -> kopf.OperatorSettings:
    """Kopf's settings: server-side selectors everywhere, so that foreign objects cost nothing."""
    chosen = kopf.OperatorSettings()
    chosen.posting.enabled = False
    chosen.scanning.disabled = True
    chosen.queueing.idle_timeout = IDLE_SECONDS
    chosen.persistence.diffbase_storage = NoDiff()
    chosen.watching.chunk_size = CHUNK
    selectors = chosen.watching.label_selectors
    selectors[selector(INSTANCE)] = shards.instances(shard)
    for kind in WATCHED_CHILDREN:
        selectors[selector(kind)] = shards.children(shard)
    selectors[selector(SECRET)] = f"{labels.RELOAD}=true"
    chosen.watching.field_selectors[selector(LEASE)] = f"metadata.name={lease_name}"
    return chosen


def selector(kind: Kind) -> tuple[str, str, str]:
    """Name a kind as kopf does."""
    group, _, version = kind.api_version.rpartition("/")
    return (group, version, kind.plural)
