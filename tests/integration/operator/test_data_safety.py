"""What an embedded database holds is never dropped, locked up or opened with another PostgreSQL."""

from dataclasses import replace
from typing import Any

import pytest

from polyant_operator.kube import errors
from polyant_operator.kube.client import Request
from polyant_operator.kube.kinds import INSTANCE, PVC, SECRET, STATEFUL_SET, Object
from polyant_operator.reconcile.instance import Reconciler
from support import apiserver, kstatus, operator_world
from support.operator_world import EMBEDDED, REPORT, World

pytestmark = pytest.mark.integration

RUNNING = {
    "name": "c",
    "image": "i",
    "imageID": "",
    "ready": True,
    "restartCount": 0,
    "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
}
URL = "postgresql://u:p@host:5432/d"
VOLUME = "data-acme-database-0"


def embedded(image: str) -> dict[str, Any]:
    return {"database": {"embedded": {"image": image}}}


async def state(world: World) -> str:
    instance = await world.get(INSTANCE, "acme")
    assert kstatus.contradiction(instance) is None
    return kstatus.compute(instance)


async def up_with_volume(world: World, spec: dict[str, Any]) -> None:
    await world.create(spec)
    await world.run()
    await world.claim(owner=await world.get(STATEFUL_SET, "acme-database"))
    await world.database_ready()
    await world.end_job_well()
    await world.run()
    await world.rolled_out()
    await world.run()


async def test_a_first_administrators_secret_that_was_deleted_is_not_made_anew(
    world: World,
) -> None:
    await world.bring_up()
    await world.admin.delete(SECRET, world.namespace, "acme-admin")

    await world.run()

    assert "acme-admin" not in await world.names(SECRET)
    assert await state(world) == kstatus.CURRENT
    assert "polyant-engine reset-password" in await world.message("SecretsReady")
    assert len(await world.jobs()) == 1

    await world.change({"version": "9.9.9"})
    await world.run()
    (job,) = await world.jobs()
    (container,) = job["spec"]["template"]["spec"]["containers"]
    password = next(v for v in container["env"] if v["name"] == "INITIAL_ADMIN_PASSWORD")
    assert password["valueFrom"]["secretKeyRef"]["optional"] is True


async def test_a_secret_that_is_deleted_in_the_middle_of_a_pass_is_never_made_empty(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read at the start of the pass gets other owners, and is gone by then."""
    await world.bring_up()
    await world.change({"deletionPolicy": "Delete"})
    send = world.client.send

    async def deleted_first(request: Request) -> Object:
        if request.method == "PATCH" and request.path.endswith("/secrets/acme-auth-secrets"):
            monkeypatch.undo()
            await world.admin.delete(SECRET, world.namespace, "acme-auth-secrets")
        return await send(request)

    monkeypatch.setattr(world.client, "send", deleted_first)
    with pytest.raises(errors.Conflict):
        await world.run()
    assert "acme-auth-secrets" not in await world.names(SECRET)

    await world.run()
    assert set((await world.get(SECRET, "acme-auth-secrets"))["data"]) >= {"AUTH_SECRET"}


async def test_a_password_beside_users_that_were_there_is_said_to_be_doubtful(world: World) -> None:
    """A new instance on a retained database whose Secret of the administrator was deleted."""
    await world.secret("db", uri=URL)
    await world.create({"database": {"urlSecretRef": {"name": "db"}}})
    await world.run()
    report = REPORT % await world.key_id()
    await world.end_job(0, report.replace("{", '{"administratorMade":false,', 1))
    await world.run()
    assert "its password may not be that of administrator@local" in await world.message(
        "SecretsReady"
    )
    secret = await world.get(SECRET, "acme-admin")
    assert secret["metadata"]["annotations"]["polyant.ai/unconfirmed"] == "true"


async def test_the_first_administrators_secret_says_for_which_installation(world: World) -> None:
    await world.create()
    await world.run()
    await world.database_ready()
    report = REPORT % await world.key_id()
    await world.end_job(0, report.replace("{", '{"administratorMade":true,', 1))
    await world.run()

    annotations = (await world.get(SECRET, "acme-admin"))["metadata"]["annotations"]
    assert annotations["polyant.ai/installation-id"].startswith("11111111")
    assert "may not be" not in await world.message("SecretsReady")


async def test_leaving_an_embedded_database_that_was_to_be_deleted_keeps_volume_and_password(
    world: World,
) -> None:
    await up_with_volume(world, {**EMBEDDED, "deletionPolicy": "Delete"})
    before = await world.get(STATEFUL_SET, "acme-database")
    assert before["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Delete"
    await world.secret("db", uri=URL)
    await world.change({"deletionPolicy": "Retain"})
    await world.change({"database": {"embedded": None, "urlSecretRef": {"name": "db"}}})
    await world.run()
    await world.end_job_well()

    assert await world.run() == 5

    live = await world.get(STATEFUL_SET, "acme-database")
    assert live["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Retain"
    assert "ownerReferences" not in (await world.get(SECRET, "acme-database"))["metadata"]

    # The StatefulSet controller has seen the policy and lets go of the claim.
    no_owner = {"metadata": {"ownerReferences": None}}
    await world.admin.merge(PVC, world.namespace, VOLUME, no_owner)
    await world.run()
    assert await world.names(STATEFUL_SET) == []
    assert await world.names(PVC) == [VOLUME]

    back: dict[str, Any] = {"embedded": {}, "urlSecretRef": None}
    await world.change({"deletionPolicy": "Delete", "database": back})
    await world.run()
    assert await world.names(STATEFUL_SET) == ["acme-database"]
    assert "ownerReferences" in (await world.get(SECRET, "acme-database"))["metadata"]


async def test_a_volume_without_its_password_gets_no_new_one(world: World) -> None:
    await world.claim()
    await world.create()

    await world.run()

    assert "acme-database" not in await world.names(SECRET)
    assert await world.names(STATEFUL_SET) == ["acme-database"]
    message = await world.message("SecretsReady")
    assert VOLUME in message
    assert "label polyant.ai/instance=acme" in message
    world.pass_time(121)
    await world.run()
    assert await state(world) == kstatus.FAILED

    await world.secret("acme-database", password="p", uri=URL)
    labelled = {"metadata": {"labels": {"polyant.ai/instance": "acme"}}}
    await world.admin.merge(SECRET, world.namespace, "acme-database", labelled)
    await world.run()
    assert (await world.conditions())["SecretsReady"] == ("True", "SecretsPresent")


async def test_a_volume_of_somebody_else_is_a_conflict(world: World) -> None:
    await world.claim(labelled=False)
    await world.create()

    await world.run()

    assert (await world.conditions())["Stalled"] == ("True", "NameConflict")
    assert f"PersistentVolumeClaim {VOLUME}" in await world.message("Stalled")
    assert await world.names(STATEFUL_SET) == []


async def test_another_major_of_postgresql_is_refused_before_the_pod_rolls(world: World) -> None:
    await up_with_volume(world, embedded("registry.test/postgres:16"))
    noted = (await world.get(PVC, VOLUME))["metadata"]["annotations"]
    assert noted["polyant.ai/postgresql-major"] == "16"
    before = await world.get(STATEFUL_SET, "acme-database")
    world.client.writes.clear()
    await world.run()
    assert world.client.writes == []

    await world.change(embedded("registry.test/pgvector:0.8.1-pg17"))
    await world.run()

    assert await world.get(STATEFUL_SET, "acme-database") == before
    assert (await world.conditions())["Stalled"] == ("True", "DatabaseMajorDiffers")
    message = await world.message("Stalled")
    assert "PostgreSQL 16" in message
    assert "is PostgreSQL 17" in message

    await world.change(embedded("registry.test/pgvector:0.8.1-pg16"))
    await world.run()
    after = await world.get(STATEFUL_SET, "acme-database")
    (container,) = after["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.test/pgvector:0.8.1-pg16"


async def test_secrets_that_go_with_a_deleted_namesake_are_waited_for(world: World) -> None:
    """Under deletionPolicy Delete the garbage collector is about to take them."""
    await world.create({**EMBEDDED, "deletionPolicy": "Delete"})
    await world.run()
    old = await world.get(SECRET, "acme-auth-secrets")
    await world.admin.delete(INSTANCE, world.namespace, "acme")
    await world.create()

    assert await world.run() == 2

    assert (await world.conditions())["Reconciling"] == ("True", "Progressing")
    assert (await world.get(SECRET, "acme-auth-secrets"))["metadata"] == old["metadata"]


async def test_two_releases_of_the_operator_do_not_end_each_others_migrations(
    server: apiserver.ApiServer, world: World
) -> None:
    await world.create()
    await world.run()
    await world.database_ready()
    (job,) = await world.jobs()
    async with operator_world.world(server, namespace=world.namespace) as other:
        newer = replace(other.tools.options, release="0.2.0")
        other.tools = replace(other.tools, options=newer)
        other.reconciler = Reconciler(other.tools)

        assert await other.run() == 10, "a Job that was just made is left alone"
        message = await other.message("Migrated")
        assert f"Job {job['metadata']['name']} of operator release 0.1.0" in message
        await world.pod(job, "migration", {"phase": "Running", "containerStatuses": [RUNNING]})
        other.pass_time(120)
        assert await other.run() == 10, "one that works is let finish"
        assert await world.jobs() == [job]

        await world.end_job_well()
        await other.run()
        (next_job,) = await world.jobs()
        annotations = next_job["metadata"]["annotations"]
        assert annotations["polyant.ai/operator-release"] == "0.2.0"
