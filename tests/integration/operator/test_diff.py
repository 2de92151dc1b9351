"""`diff` says what the operator then does, and does nothing itself."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
import yaml

from polyant_operator.api.errors import InvalidInstance
from polyant_operator.kube import errors
from polyant_operator.kube.access import impersonating
from polyant_operator.kube.apply import Applier
from polyant_operator.kube.cache import Cache
from polyant_operator.kube.discovery import Discovery
from polyant_operator.kube.events import Recorder
from polyant_operator.kube.kinds import CHILDREN, INSTANCE, OPTIONAL, SECRET, Object
from polyant_operator.kube.rehearsal import Rehearsal
from polyant_operator.reconcile import changes, rehearsing
from polyant_operator.reconcile.rehearsing import Outcome
from polyant_operator.reconcile.rollouts import Rollouts
from support import apiserver
from support.operator_process import eventually
from support.operator_world import EMBEDDED, World

pytestmark = pytest.mark.integration

EDGE = {"edge": {"type": "Ingress", "host": "chat.test"}}
READ = ("get", "list")


async def rehearsed(
    world: World, spec: Mapping[str, Any], name: str = "acme", user: str = ""
) -> Outcome:
    access = world.admin.access
    body: Object = {
        "apiVersion": INSTANCE.api_version,
        "kind": INSTANCE.kind,
        "metadata": {"name": name, "namespace": world.namespace},
        "spec": deepcopy(dict(spec)),
    }
    async with Rehearsal(impersonating(access, user) if user else access) as client:
        cache = Cache()
        tools = replace(
            world.tools,
            client=client,
            cache=cache,
            applier=Applier(client, cache),
            discovery=Discovery(client),
            recorder=Recorder(client, lambda: 0.0, lambda: world.now),
            rollouts=Rollouts(cache),
        )
        return await rehearsing.rehearse(body, client, rehearsing.of(tools, client))


async def up(world: World, spec: Mapping[str, Any]) -> None:
    await world.bring_up(spec)
    await world.rolled_out()
    await world.run()
    await world.run()


async def versions(world: World) -> dict[tuple[str, str], str]:
    kinds = [kind for kind in (*CHILDREN, INSTANCE, SECRET) if kind not in OPTIONAL]
    return {
        (kind.kind, obj["metadata"]["name"]): obj["metadata"]["resourceVersion"]
        for kind in kinds
        async for obj in world.admin.walk(kind, world.namespace)
    }


def said(outcome: Outcome) -> set[str]:
    return {f"{write.kind.plural}/{write.name}" for write in outcome.writes}


def done(world: World) -> set[str]:
    """What the operator has written, but for the status and its events."""
    paths = [line.split()[1] for line in world.client.writes]
    parts = [path.partition(f"/namespaces/{world.namespace}/")[2].split("/") for path in paths]
    return {"/".join(each[:2]) for each in parts if each[0] not in {"polyantinstances", "events"}}


async def test_at_rest_nothing_changes_and_nothing_is_written(world: World) -> None:
    await up(world, {**EMBEDDED, **EDGE})
    before = await versions(world)

    outcome = await rehearsed(world, {**EMBEDDED, **EDGE})

    assert changes.text(outcome) == f"acme in namespace {world.namespace}: no change\n"
    assert await versions(world) == before


async def test_a_changed_image_migrates_and_replaces_pods(world: World) -> None:
    await up(world, EMBEDDED)
    spec = {**EMBEDDED, "version": "9.9.9"}

    outcome = await rehearsed(world, spec)
    text = changes.text(outcome)

    assert "runs the migration with image registry.test/engine:9.9.9" in text
    assert "containers[engine].image" in text
    assert "replaces its pod, because of [engine].image" in text
    assert changes.changes(outcome) >= 4


async def test_the_operator_then_writes_what_was_told(world: World) -> None:
    await up(world, {**EMBEDDED, **EDGE})
    spec = {"version": "9.9.9", "engine": {"replicas": 2}, "edge": {"type": "None"}}
    told = await rehearsed(world, {**EMBEDDED, **spec})

    world.client.writes = []
    await world.change({**spec, "edge": None})
    await world.run()
    await world.end_job_well()
    await world.run()
    await world.rolled_out()
    await world.run()

    # A Job is made in a collection; the path of a delete names it.
    assert {each for each in said(told) if not each.startswith("jobs/")} == {
        each for each in done(world) if not each.startswith("jobs")
    }


async def test_a_changed_secret_is_a_reason_and_no_value(world: World) -> None:
    await world.secret("mine", word="first-value")
    source = {"valueFrom": {"secretKeyRef": {"name": "mine", "key": "word"}}}
    spec = {**EMBEDDED, "engine": {"env": [{"name": "WORD", **source}]}}
    await up(world, spec)
    patch = {"stringData": {"word": "second-value"}}
    await world.admin.merge(SECRET, world.namespace, "mine", patch)

    text = changes.text(await rehearsed(world, spec))

    assert "replaces its pod, because of the content of a Secret they use" in text
    assert "value" not in text


async def test_replicas_alone_replace_no_pod(world: World) -> None:
    await up(world, EMBEDDED)

    text = changes.text(await rehearsed(world, {**EMBEDDED, "engine": {"replicas": 3}}))

    assert text.splitlines()[1:] == ["  ~ Deployment acme-engine", "      replicas: 1 -> 3"]


async def test_a_removed_edge_is_deleted(world: World) -> None:
    await up(world, {**EMBEDDED, **EDGE})

    text = changes.text(await rehearsed(world, EMBEDDED))

    assert "  - Ingress acme\n" in text


async def test_of_a_removed_variable_its_removal_is_told(world: World) -> None:
    env = [{"name": "ONE", "value": "1"}, {"name": "TWO", "value": "2"}]
    await up(world, {**EMBEDDED, "engine": {"env": env}})

    text = changes.text(await rehearsed(world, {**EMBEDDED, "engine": {"env": env[:1]}}))

    assert 'containers[engine].env[TWO]: {"name": "TWO", "value": "2"} -> (none)' in text


async def test_a_new_instance_is_told_as_a_whole(world: World) -> None:
    outcome = await rehearsed(world, {**EMBEDDED, **EDGE}, name="fresh")
    text = changes.text(outcome)

    assert "+ Secret fresh-encryption-key\n      generated, with ENCRYPTION_KEY\n" in text
    assert {write.verb.value for write in outcome.writes} <= {"create", "change", "scale"}
    assert {"deployments/fresh-engine", "deployments/fresh-web", "ingresses/fresh"} <= said(outcome)
    assert outcome.trouble is None


async def test_a_missing_secret_is_told(world: World) -> None:
    spec = {"database": {"urlSecretRef": {"name": "absent"}}}

    text = changes.text(await rehearsed(world, spec))

    assert "spec.database.urlSecretRef names Secret absent" in text


async def test_an_invalid_resource_is_refused(world: World) -> None:
    with pytest.raises(InvalidInstance, match="needs exactly one of"):
        await rehearsed(world, {"database": {}})


@pytest.mark.parametrize("verbs", [READ, ("get",)])
async def test_rights_to_read_are_enough(
    world: World, server: apiserver.ApiServer, verbs: tuple[str, ...]
) -> None:
    await up(world, EMBEDDED)
    user = f"reader-{'-'.join(verbs)}-{world.namespace}"
    allow_reading(server, world.namespace, user, verbs)

    outcome = await rehearsed(world, {**EMBEDDED, "version": "9.9.9"}, user=user)

    assert {"deployments/acme-engine", "deployments/acme-web"} <= said(outcome)
    assert bool(outcome.unlisted) == ("list" not in verbs)


async def test_without_rights_it_is_said_what_is_missing(world: World) -> None:
    with pytest.raises(errors.Forbidden):
        await rehearsed(world, EMBEDDED, user="nobody")


def allow_reading(
    server: apiserver.ApiServer, namespace: str, user: str, verbs: tuple[str, ...]
) -> None:
    rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": list(verbs)}
    group = "rbac.authorization.k8s.io"
    role = {
        "apiVersion": f"{group}/v1",
        "kind": "Role",
        "metadata": {"name": user, "namespace": namespace},
        "rules": [rule],
    }
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": user, "namespace": namespace},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": user},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    }
    server.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all([role, binding]))
    may = ("auth", "can-i", "get", "secrets", "-n", namespace, "--as", user)
    eventually(lambda: server.try_kubectl(*may).returncode == 0, "the rights hold")
