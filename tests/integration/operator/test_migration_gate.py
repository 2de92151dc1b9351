"""The migration gate on a real API server: every exit code, every second chance, no old success."""

import json

import pytest

from polyant_operator.kube.kinds import DEPLOYMENT, INSTANCE, JOB, POD, SECRET
from support import kstatus
from support.operator_world import World, waiting

pytestmark = pytest.mark.integration

EXTERNAL = {"database": {"urlSecretRef": {"name": "db"}}}
URL = "postgresql://u:p@host:5432/d"


def error(code: int, reason: str) -> str:
    words = {"code": code, "reason": reason, "message": f"what {reason} means", "cure": "do this"}
    return json.dumps({"error": words})


async def state(world: World) -> str:
    instance = await world.get(INSTANCE, "acme")
    assert kstatus.contradiction(instance) is None
    return kstatus.compute(instance)


async def started(world: World) -> None:
    await world.create()
    await world.run()
    await world.database_ready()
    await world.run()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (64, "InvalidConfiguration"),
        (65, "EncryptionKeyMismatch"),
        (66, "DatabaseNotSupported"),
        (67, "DatabaseNewer"),
        (68, "InstallationMismatch"),
    ],
)
async def test_exit_codes_64_to_68_need_a_person_at_once(
    world: World, code: int, reason: str
) -> None:
    await started(world)

    await world.end_job(code, error(code, reason))
    await world.run()

    assert (await world.conditions())["Migrated"] == ("False", reason)
    assert (await world.conditions())["Stalled"] == ("True", reason)
    assert await state(world) == kstatus.FAILED
    assert f"Exit code {code}: what {reason} means. do this" in await world.message("Ready")
    assert len(await world.jobs()) == 1
    assert await world.names(DEPLOYMENT) == []


async def test_a_stalled_migration_heals_by_itself_once_its_cause_is_gone(world: World) -> None:
    await started(world)
    await world.end_job(66, error(66, "DatabaseNotSupported"))
    assert await world.run() == 60

    world.pass_time(301)
    await world.run()
    assert len(await world.jobs()) == 2
    assert await state(world) == kstatus.FAILED, "a try that runs does not hide why it was needed"
    await world.end_job_well()
    await world.run()

    assert (await world.conditions())["Migrated"] == ("True", "Migrated")
    assert await state(world) == kstatus.IN_PROGRESS
    assert await world.names(DEPLOYMENT) == ["acme-engine", "acme-web"]


async def test_an_unreachable_database_is_tried_for_ever_and_never_stalls(world: World) -> None:
    await started(world)
    for attempt in range(1, 7):
        await world.end_job(69, error(69, "DatabaseUnreachable"))
        assert (await world.run() or 0) <= 60
        assert (await world.conditions())["DatabaseReady"] == ("False", "DatabaseUnreachable")
        assert await state(world) == kstatus.IN_PROGRESS
        world.pass_time(61)
        await world.run()
        assert (await world.jobs())[-1]["metadata"]["labels"]["polyant.ai/attempt"] == str(
            attempt + 1
        )

    assert len(await world.jobs()) == 4, (
        "three failed tries are kept for people, and the running one"
    )


async def test_a_failed_migration_has_three_tries_and_can_be_armed_again(world: World) -> None:
    await started(world)
    for attempt in (1, 2, 3):
        assert len(await world.jobs()) == attempt
        await world.end_job(70, error(70, "MigrationFailed"))
        await world.run()
        assert await state(world) == (kstatus.FAILED if attempt == 3 else kstatus.IN_PROGRESS)
        world.pass_time(21)
        await world.run()
    assert len(await world.jobs()) == 3

    await world.annotate({"polyant.ai/retry-migration": "now"})
    await world.run()

    assert len(await world.jobs()) == 1
    assert await state(world) == kstatus.IN_PROGRESS
    await world.end_job_well()
    await world.run()
    assert (await world.conditions())["Migrated"] == ("True", "Migrated")


async def test_the_old_version_serves_on_while_the_gate_of_the_new_one_is_closed(
    world: World,
) -> None:
    await world.bring_up()
    before = await world.get(DEPLOYMENT, "acme-engine")

    await world.change({"version": "9.9.9", "engine": {"replicas": 3}})
    await world.run()
    await world.end_job(67, error(67, "DatabaseNewer"))
    await world.run()

    after = await world.get(DEPLOYMENT, "acme-engine")
    assert after["spec"]["template"] == before["spec"]["template"]
    assert after["spec"]["replicas"] == 3, "only the scale follows"
    assert await state(world) == kstatus.FAILED
    assert "earlier version serves" in await world.message("EngineAvailable")

    await world.change({"version": None})
    await world.run()
    await world.end_job_well()
    await world.run()
    await world.rolled_out()
    await world.run()
    assert await state(world) == kstatus.CURRENT


async def test_an_old_success_never_opens_the_gate_again(world: World) -> None:
    await world.bring_up()

    await world.change({"version": "9.9.9"})
    await world.run()
    await world.change({"version": None})
    await world.run()

    assert len(await world.jobs()) == 1
    assert (await world.conditions())["Migrated"] == ("False", "MigrationRunning")


async def test_eviction_is_no_failure(world: World) -> None:
    await started(world)
    job = (await world.jobs())[-1]
    ended = {"exitCode": 137, "reason": "Error", "message": "evicted"}
    container = {"name": "c", "image": "i", "imageID": "", "ready": False, "restartCount": 0}
    evicted = {"type": "DisruptionTarget", "status": "True"}
    status = {
        "phase": "Failed",
        "conditions": [evicted],
        "containerStatuses": [container | {"state": {"terminated": ended}}],
    }
    await world.pod(job, "migration", status)
    await world.run()

    assert (await world.conditions())["Migrated"] == ("False", "MigrationRunning")
    await world.end_job_well()
    await world.run()
    assert (await world.conditions())["Migrated"] == ("True", "Migrated")


async def test_an_image_that_cannot_be_pulled_stalls_after_five_minutes(world: World) -> None:
    await started(world)
    job = (await world.jobs())[-1]
    status = waiting("ImagePullBackOff", "no such image", since=world.now)
    await world.pod(job, "migration", status)
    await world.run()
    assert (await world.conditions())["Migrated"] == ("False", "ImagePullFailed")
    assert await state(world) == kstatus.IN_PROGRESS

    world.pass_time(301)
    await world.run()

    assert await state(world) == kstatus.FAILED
    assert "no such image" in await world.message("Stalled")


async def test_a_job_that_never_started_is_made_anew_when_its_template_changes(
    world: World,
) -> None:
    await started(world)
    before = (await world.jobs())[-1]
    await world.pod(before, "migration", waiting("ImagePullBackOff"))

    await world.change({"imagePullSecrets": [{"name": "pull"}]})
    await world.run()

    after = (await world.jobs())[-1]
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["spec"]["template"]["spec"]["imagePullSecrets"] == [{"name": "pull"}]


async def test_a_job_that_ends_slowly_is_waited_for_and_is_no_trouble(world: World) -> None:
    await started(world)
    name = (await world.jobs())[-1]["metadata"]["name"]
    hold = {"metadata": {"finalizers": ["test/pod-still-runs"]}}
    await world.admin.merge(JOB, world.namespace, name, hold)
    await world.admin.delete(JOB, world.namespace, name)
    world.tools.cache.drop(await world.get(JOB, name))

    for _ in range(4):
        assert await world.run(fresh=False) == 2
    assert (await world.conditions())["Ready"] == ("False", "MigrationRunning")

    await world.admin.merge(JOB, world.namespace, name, {"metadata": {"finalizers": None}})
    await world.run(fresh=False)
    assert "deletionTimestamp" not in (await world.jobs())[-1]["metadata"]


async def test_a_generated_key_that_does_not_fit_names_the_secret_to_restore(world: World) -> None:
    await world.secret("db", uri=URL)
    await world.create(EXTERNAL)
    await world.run()

    await world.end_job(65, error(65, "EncryptionKeyMismatch"))
    await world.run()

    assert "delete Secret acme-encryption-key and restore" in await world.message("Ready")


async def test_another_password_of_the_database_means_another_migration(world: World) -> None:
    await world.secret("db", uri=URL)
    await world.bring_up(EXTERNAL)
    before = (await world.jobs())[-1]["metadata"]["name"]

    await world.admin.delete(SECRET, world.namespace, "db")
    await world.secret("db", uri=URL.replace(":p@", ":q@"))
    await world.run()

    assert [job["metadata"]["name"] for job in await world.jobs()] != [before]
    engine = await world.get(DEPLOYMENT, "acme-engine")
    await world.end_job_well()
    await world.run()
    rolled = await world.get(DEPLOYMENT, "acme-engine")
    assert engine["spec"]["template"] != rolled["spec"]["template"]


async def test_a_lost_pod_of_a_done_migration_changes_nothing(world: World) -> None:
    await world.bring_up()
    await world.run()
    world.client.writes.clear()
    async for pod in world.admin.walk(POD, world.namespace):
        await world.admin.delete(POD, world.namespace, pod["metadata"]["name"])

    await world.run()

    assert world.client.writes == []
