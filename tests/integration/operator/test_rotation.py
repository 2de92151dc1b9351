"""Secrets that change under running pods: who rolls, who does not, and in which steps."""

import base64
from typing import Any

import pytest

from polyant_operator.kube.kinds import DEPLOYMENT, INSTANCE, POD, SECRET
from support import kstatus
from support.operator_world import World

pytestmark = pytest.mark.integration

URL = "postgresql://u:p@host:5432/d"
AUTH = ("AUTH_SECRET", "AUTH_INTERNAL_SECRET")
KEY, OTHER_KEY = "0123456789abcdef" * 4, "fedcba9876543210" * 4
OLD, NEW = "old-secret-of-the-tests-0123456789", "new-secret-of-the-tests-0123456789"
EVERYTHING: dict[str, Any] = {
    "database": {"urlSecretRef": {"name": "db"}, "migrationUrlSecretRef": {"name": "db-owner"}},
    "secrets": {
        "encryptionKeySecretRef": {"name": "key"},
        "previousEncryptionKeySecretRef": {"name": "old-key"},
    },
    "admin": {"passwordSecretRef": {"name": "admin"}},
    "models": [{"name": "m", "provider": "openai", "apiKeySecretRef": {"name": "model"}}],
    "attachments": {
        "bucket": "bucket",
        "region": "eu-south-1",
        "accessKeyIdSecretRef": {"name": "s3", "key": "id"},
        "secretAccessKeySecretRef": {"name": "s3", "key": "secret"},
    },
    "signIn": {
        "google": {
            "clientIdSecretRef": {"name": "google", "key": "id"},
            "clientSecretSecretRef": {"name": "google", "key": "secret"},
        }
    },
    "engine": {
        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "own-engine", "key": "a"}}}],
        "envFrom": [{"secretRef": {"name": "whole"}}],
    },
    "web": {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "own-web", "key": "a"}}}]},
    "edge": {"type": "External", "publicUrl": "https://chat.example.com"},
}
SECRETS: dict[str, dict[str, str]] = {
    "db": {"uri": URL},
    "db-owner": {"uri": URL},
    "key": {"ENCRYPTION_KEY": KEY},
    "old-key": {"ENCRYPTION_KEY": OTHER_KEY},
    "admin": {"password": "a long first password"},
    "model": {"apiKey": "k"},
    "s3": {"id": "i", "secret": "s"},
    "google": {"id": "i", "secret": "s"},
    "own-engine": {"a": "1"},
    "whole": {"B": "1"},
    "own-web": {"a": "1"},
}
OWN_AUTH: dict[str, Any] = {
    "database": {"urlSecretRef": {"name": "db"}},
    "secrets": {
        "authSecretRef": {"name": "own"},
        "internalAuthSecretRef": {"name": "own"},
    },
}


async def write(world: World, name: str, **values: str) -> None:
    """Change a Secret as its owner would."""
    await world.admin.merge(SECRET, world.namespace, name, {"stringData": values})


async def digests(world: World) -> dict[str, str]:
    """What the pods of each Deployment roll by."""
    found = {}
    for part in ("engine", "web"):
        template = (await world.get(DEPLOYMENT, f"acme-{part}"))["spec"]["template"]
        found[part] = template["metadata"]["annotations"]["polyant.ai/secret-digest"]
    return found


async def copy(world: World) -> dict[str, str]:
    data = (await world.get(SECRET, "acme-auth-in-use"))["data"]
    return {name: base64.b64decode(value).decode() for name, value in data.items()}


async def state(world: World) -> str:
    instance = await world.get(INSTANCE, "acme")
    assert kstatus.contradiction(instance) is None
    return kstatus.compute(instance)


async def up(world: World, spec: dict[str, Any], secrets: dict[str, dict[str, str]]) -> None:
    for name, values in secrets.items():
        await world.secret(name, **values)
    await world.create(spec)
    await world.run()
    await world.end_job(0)
    await world.run()
    await world.rolled_out()
    await world.run()
    assert (await world.conditions())["Ready"][0] == "True", await world.message("Ready")


# Secret, what is written into it, who rolls, and whether a migration runs first.
CHANGES: tuple[tuple[str, dict[str, str], set[str], bool], ...] = (
    ("db", {"uri": "postgresql://u:other@host:5432/d"}, {"engine"}, False),
    ("db-owner", {"uri": "postgresql://u:other@host:5432/d"}, set(), True),
    ("old-key", {"ENCRYPTION_KEY": "a" * 64}, {"engine"}, True),
    ("admin", {"password": "another long password"}, set(), False),
    ("model", {"apiKey": "other"}, {"engine"}, False),
    ("s3", {"secret": "other"}, {"engine"}, False),
    ("google", {"secret": "other"}, {"web"}, False),
    ("own-engine", {"a": "2"}, {"engine"}, False),
    ("whole", {"C": "2"}, {"engine"}, False),
    ("own-web", {"a": "2"}, {"web"}, False),
)


async def test_exactly_the_pods_that_use_a_secret_roll(world: World) -> None:
    await up(world, EVERYTHING, SECRETS)
    for secret, values, rolled, migrates in CHANGES:
        before, job = await digests(world), (await world.jobs())[-1]["metadata"]["name"]

        await write(world, secret, **values)
        await world.run()
        assert ((await world.jobs())[-1]["metadata"]["name"] != job) == migrates, secret
        if migrates:
            assert await digests(world) == before, f"{secret}: nothing rolls before the migration"
            await world.end_job(0)
            await world.run()
        after = await digests(world)

        assert {part for part in after if after[part] != before[part]} == rolled, secret
        await world.rolled_out()
        await world.run()


async def test_a_secret_that_cannot_be_read_rolls_nothing(world: World) -> None:
    await up(world, EVERYTHING, SECRETS)
    before = [await world.get(DEPLOYMENT, f"acme-{part}") for part in ("engine", "web")]

    for secret in ("db", "model", "google", "old-key"):
        await world.admin.delete(SECRET, world.namespace, secret)
        await world.run()
        world.pass_time(60)
    after = [await world.get(DEPLOYMENT, f"acme-{part}") for part in ("engine", "web")]

    assert [each["spec"] for each in after] == [each["spec"] for each in before]
    assert len(await world.jobs()) == 1
    assert (await world.conditions())["SecretsReady"] == ("False", "SecretMissing")
    assert (await world.conditions())["EngineAvailable"] == ("True", "Available")


async def test_engine_and_panel_move_to_a_new_secret_in_three_steps(world: World) -> None:
    await up(world, OWN_AUTH, {"db": {"uri": URL}, "own": dict.fromkeys(AUTH, OLD)})
    assert await copy(world) == dict.fromkeys(AUTH, OLD)

    seen = []
    await write(world, "own", **dict.fromkeys(AUTH, NEW))
    for _ in range(3):
        await world.run()
        seen.append(await copy(world))
        assert (await world.conditions())["Ready"][0] == "False"
        assert await state(world) == kstatus.IN_PROGRESS
        await world.run()
        assert await copy(world) == seen[-1], "no step before the last is rolled out"
        await world.rolled_out()
    await world.run()

    both = {"AUTH_SECRET_PREVIOUS": NEW, "AUTH_INTERNAL_SECRET_PREVIOUS": NEW}
    flipped = {"AUTH_SECRET_PREVIOUS": OLD, "AUTH_INTERNAL_SECRET_PREVIOUS": OLD}
    assert seen == [
        dict.fromkeys(AUTH, OLD) | both,
        dict.fromkeys(AUTH, NEW) | flipped,
        dict.fromkeys(AUTH, NEW),
    ]
    assert await state(world) == kstatus.CURRENT


async def test_a_pod_on_its_way_out_holds_the_next_step_up(world: World) -> None:
    await up(world, OWN_AUTH, {"db": {"uri": URL}, "own": dict.fromkeys(AUTH, OLD)})
    web = await world.get(DEPLOYMENT, "acme-web")
    lingering = await world.pod(web, "web", {"phase": "Running"})
    await write(world, "own", **dict.fromkeys(AUTH, NEW))
    await world.run()
    await world.rolled_out()
    await world.run()
    assert (await copy(world))["AUTH_SECRET"] == OLD
    assert (await world.conditions())["SecretsReady"] == ("False", "SecretsRotating")
    assert await state(world) == kstatus.IN_PROGRESS

    await world.admin.delete(POD, world.namespace, lingering["metadata"]["name"])
    await world.run()

    assert (await copy(world))["AUTH_SECRET"] == NEW


async def test_a_rotation_outlives_a_restart_of_the_operator(world: World) -> None:
    await up(world, OWN_AUTH, {"db": {"uri": URL}, "own": dict.fromkeys(AUTH, OLD)})
    await write(world, "own", **dict.fromkeys(AUTH, NEW))
    for _ in range(4):
        await world.run()
        world.restart()
        await world.rolled_out()
    await world.run()

    assert await copy(world) == dict.fromkeys(AUTH, NEW)
    assert await state(world) == kstatus.CURRENT


async def test_an_unreadable_auth_secret_changes_nothing(world: World) -> None:
    await up(world, OWN_AUTH, {"db": {"uri": URL}, "own": dict.fromkeys(AUTH, OLD)})
    before = await digests(world)
    for values in ({"AUTH_SECRET": "too short"}, {"AUTH_SECRET": ""}):
        await write(world, "own", **values)
        await world.run()

    assert await digests(world) == before
    assert await copy(world) == dict.fromkeys(AUTH, OLD)
    assert (await world.conditions())["SecretsReady"] == ("False", "SecretInvalid")


async def test_from_the_generated_secret_to_an_own_one_both_count(world: World) -> None:
    spec = {"database": {"urlSecretRef": {"name": "db"}}}
    await up(world, spec, {"db": {"uri": URL}})
    generated = (await world.get(SECRET, "acme-auth-secrets"))["data"]["AUTH_INTERNAL_SECRET"]
    await world.secret("own", AUTH_INTERNAL_SECRET=NEW)
    await world.change(spec | {"secrets": {"internalAuthSecretRef": {"name": "own"}}})
    await world.run()

    assert await copy(world) == {
        "AUTH_INTERNAL_SECRET": base64.b64decode(generated).decode(),
        "AUTH_INTERNAL_SECRET_PREVIOUS": NEW,
    }


async def test_a_name_that_somebody_else_has_is_not_overwritten(world: World) -> None:
    await world.secret("acme-auth-in-use", theirs="yes")
    await world.secret("db", uri=URL)
    await world.secret("own", **dict.fromkeys(AUTH, OLD))
    await world.create(OWN_AUTH)
    await world.run()

    assert await copy(world) == {"theirs": "yes"}
    assert (await world.conditions())["Ready"] == ("False", "NameConflict")
    assert "acme-auth-in-use" in await world.message("Ready")
