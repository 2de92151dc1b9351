"""Deletes what an instance owns and no longer wants.

Only objects with the owner's uid are touched, and the delete names the uid of the object that was
judged, so that a namesake made in the meantime survives.
"""

import logging
from collections.abc import Collection, Mapping
from typing import Any

from polyant_operator.kube.cache import Cache
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import PRUNED, Kind, Object, Ref

logger = logging.getLogger(__name__)


def is_owned_by(obj: Mapping[str, Any], uid: str) -> bool:
    """Whether an object goes when the owner of this uid goes."""
    owners = obj["metadata"].get("ownerReferences") or ()
    return bool(uid) and any(owner.get("uid") == uid for owner in owners)


def unwanted(
    children: Mapping[Ref, Object],
    wanted: Collection[Ref],
    uid: str,
    kinds: Collection[Kind] = PRUNED,
) -> tuple[tuple[Ref, Object], ...]:
    """What is owned and not wanted, in a fixed order."""
    return tuple(
        (ref, obj)
        for ref, obj in sorted(children.items())
        if ref.kind in kinds and ref not in wanted and is_owned_by(obj, uid)
    )


async def remove(client: Client, cache: Cache, ref: Ref, obj: Object) -> None:
    """Delete one object and forget it."""
    await client.delete(ref.kind, ref.namespace, ref.name, uid=obj["metadata"].get("uid"))
    cache.drop(obj)
    logger.info("%s is no longer wanted and was deleted", ref)
