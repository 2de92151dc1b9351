"""The embedded database's volume: whose it is, which PostgreSQL wrote it, and that nothing drops it.

The StatefulSet controller makes the PersistentVolumeClaim; the operator reads it only where it
matters: before a database is made, changed or left, and while an instance isn't at rest.
"""

import logging

from polyant_operator.api import labels
from polyant_operator.api.conditions import Reason
from polyant_operator.desired import images, postgresql
from polyant_operator.desired.metadata import retained_metadata
from polyant_operator.kube import prune
from polyant_operator.kube.kinds import PVC, SECRET, STATEFUL_SET, Object, Ref
from polyant_operator.reconcile import conflicts
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts import live, migration
from polyant_operator.verdicts.observed import Trouble

logger = logging.getLogger(__name__)

# The StatefulSet controller needs a moment to let go of a claim.
LETTING_GO_SECONDS = 5.0


async def look_at_volume(state: Pass, tools: Tools, *, at_rest: bool) -> None:
    """Read the claim, unless nothing about the database can have changed."""
    if state.instance.spec.database.embedded is None:
        return
    if (
        at_rest
        and state.instance.names.database in state.secrets
        and _has_wanted_image(state, tools)
    ):
        return
    state.volume = await _read(state, tools)


async def check_volume(state: Pass, tools: Tools) -> None:
    """Stop when the claim is somebody else's, or holds data of another PostgreSQL."""
    found = state.volume
    if found is None:
        return
    if (found["metadata"].get("labels") or {}).get(labels.OWNER) != state.instance.name:
        ref = Ref(PVC, state.instance.namespace, state.instance.names.volume)
        state.trouble = conflicts.conflict(state, [ref])
        return
    image = images.database(state.instance, tools.options)
    held, wanted = _held_major(state, found), postgresql.major(image)
    if held and wanted and held != wanted:
        state.trouble = _another_major(state, held, wanted, image)


async def record_major(state: Pass, tools: Tools) -> None:
    """Write on the claim which PostgreSQL its data is of, once a migration has worked on it."""
    found, report = state.volume, migration.report_of(state.attempts)
    if not state.may_write or found is None or report is None:
        return
    major = report.postgresql or postgresql.major(images.database(state.instance, tools.options))
    if not major or _noted_major(found) == major:
        return
    note = {"uid": found["metadata"]["uid"], "annotations": {labels.POSTGRESQL_MAJOR: major}}
    names = state.instance.names
    state.volume = await tools.client.merge(
        PVC, state.instance.namespace, names.volume, {"metadata": note}
    )


async def let_go(state: Pass, tools: Tools, database: Object) -> bool:
    """Make sure that a database that is left keeps its volume and password; says when it may go.

    `deletionPolicy: Delete` is about deleting the instance: another `spec.database` deletes no data.
    """
    await _keep_password(state, tools)
    policy = live.field(database, "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")
    if policy == "Delete":
        retain = {"spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain"}}}
        names = state.instance.names
        changed = await tools.client.merge(
            STATEFUL_SET, state.instance.namespace, names.database, retain
        )
        tools.cache.put(changed)
    claim = await _read(state, tools)
    if claim is None or not prune.is_owned_by(claim, database["metadata"]["uid"]):
        return True
    logger.info(
        "%s is kept: waiting until its StatefulSet lets go of it", state.instance.names.volume
    )
    state.again(LETTING_GO_SECONDS)
    return False


async def _read(state: Pass, tools: Tools) -> Object | None:
    return await tools.client.find(PVC, state.instance.namespace, state.instance.names.volume)


async def _keep_password(state: Pass, tools: Tools) -> None:
    name = state.instance.names.database
    secret = await tools.client.find(SECRET, state.instance.namespace, name)
    if secret is not None and prune.is_owned_by(secret, state.instance.uid):
        metadata = retained_metadata(state.instance, name)
        await tools.applier.apply(
            {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}, secret
        )


def _has_wanted_image(state: Pass, tools: Tools) -> bool:
    return _live_image(state) == images.database(state.instance, tools.options)


def _live_image(state: Pass) -> str:
    database = state.child(STATEFUL_SET, state.instance.names.database)
    (container, *_) = (*live.items(database, "spec", "template", "spec", "containers"), {})
    return str(container.get("image", ""))


def _held_major(state: Pass, claim: Object) -> str | None:
    noted = _noted_major(claim)
    if noted is not None or state.instance.status.installation_id is None:
        return noted
    return postgresql.major(_live_image(state))  # as old as before majors were noted


def _noted_major(claim: Object) -> str | None:
    return (claim["metadata"].get("annotations") or {}).get(labels.POSTGRESQL_MAJOR)


def _another_major(state: Pass, held: str, wanted: str, image: str) -> Trouble:
    text = (
        f"PersistentVolumeClaim {state.instance.names.volume} holds data of PostgreSQL {held}, but image"
        f" {image} is PostgreSQL {wanted}, which cannot open it. Nothing is written, and the database"
        f" runs on as it is. Name an image of PostgreSQL {held} in spec.database.embedded.image; to move"
        " to another major, dump the data and restore it (docs/howto/database.md)."
    )
    return Trouble(reason=Reason.DATABASE_MAJOR_DIFFERS, message=text, stalled=True)
