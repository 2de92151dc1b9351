"""Policies of a platform team: one that refuses is told with its words, one that changes is lived with."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from polyant_operator.kube import errors
from polyant_operator.kube.apply import SETTLED_SECONDS
from polyant_operator.kube.kinds import (
    DEPLOYMENT,
    EVENT,
    INGRESS,
    INSTANCE,
    SERVICE,
    Object,
)
from polyant_operator.reconcile.instance import TOLD_AFTER
from polyant_operator.reconcile.judging import REFUSED_SECONDS
from support import apiserver, kstatus, policies
from support.crashes import Act
from support.operator_world import EMBEDDED, World

pytestmark = pytest.mark.integration

EDGE: Final = {"type": "Ingress", "host": "chat.test", "className": "contour"}
SCALED: Final = {"autoscaling": {"minReplicas": 2, "maxReplicas": 3}}
SPEC: Final[dict[str, Any]] = {**EMBEDDED, "edge": EDGE, "engine": SCALED}


async def migrated(world: World) -> None:
    await world.run()
    await world.database_ready()
    await world.end_job_well()


# In the order in which a pass comes to them, with what has to happen before it does.
KINDS: Final[dict[str, tuple[Act, ...]]] = {
    "secrets": (),
    "networkpolicies": (),
    "serviceaccounts": (),
    "roles": (),
    "rolebindings": (),
    "leases": (),
    "services": (),
    "statefulsets": (),
    "jobs": (),
    "deployments": (migrated,),
    "poddisruptionbudgets": (),
    "horizontalpodautoscalers": (),
    "ingresses": (),
}


@pytest.fixture(scope="module")
def policy(server: apiserver.ApiServer) -> Iterator[None]:
    with policies.installed(server):
        yield


async def is_refused(world: World, resource: str) -> str:
    """Run a pass that the policy stops at a resource; returns what is said then."""
    assert await world.run() == REFUSED_SECONDS, resource
    assert (await world.conditions())["Ready"] == ("False", "Forbidden"), resource
    message = await world.message("Ready")
    assert f"no {resource} here, says the platform team" in message
    assert "ValidatingAdmissionPolicy 'platform-rules'" in message
    assert "Change the policy, or what the spec asks for: tried again in 30 s." in message
    assert kstatus.compute(await world.get(INSTANCE, "acme")) == kstatus.IN_PROGRESS
    return message


@pytest.mark.usefixtures("policy")
async def test_each_kind_that_a_policy_refuses_is_told_and_made_when_the_policy_allows_it(
    world: World,
) -> None:
    await policies.refuse(world, *KINDS)
    await world.create(SPEC)

    for number, (resource, acts) in enumerate(KINDS.items()):
        for act in acts:
            await act(world)
        assert "acme" in (await is_refused(world, resource)).partition("says the platform team")[0]
        world.client.writes.clear()
        assert await world.run() == REFUSED_SECONDS
        assert world.client.writes == [], f"{resource}: nothing new is said"
        await policies.refuse(world, *list(KINDS)[number + 1 :])

    await world.run()
    await world.rolled_out()
    await world.run()
    assert (await world.conditions())["Ready"] == ("False", "ClassMissing"), "but for its class"


@pytest.mark.usefixtures("policy")
async def test_a_change_that_a_policy_refuses_leaves_what_runs_alone(
    world: World,
) -> None:
    await world.bring_up({**EMBEDDED, "edge": EDGE})
    before = await world.get(DEPLOYMENT, "acme-engine")
    await policies.refuse(world, "deployments")
    await world.change({"engine": {"env": [{"name": "A", "value": "b"}]}})

    await is_refused(world, "deployments")
    assert (await world.get(DEPLOYMENT, "acme-engine"))["spec"] == before["spec"]

    await policies.refuse(world, "ingresses")
    await world.change({"engine": {"env": None}, "edge": None})
    assert "Step 'prune'" in await is_refused(world, "ingresses")

    await policies.refuse(world)
    await world.rolled_out()
    await world.run()
    assert (await world.conditions())["Ready"] == ("True", "Ready")
    assert await world.names(INGRESS) == []


@pytest.mark.usefixtures("policy")
async def test_a_status_that_a_policy_refuses_is_told_by_an_event_and_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.bring_up()
    await policies.refuse(world, "polyantinstances/status")
    await world.change({"paused": True})

    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            assert await world.run() == REFUSED_SECONDS

    (line,) = [
        each.message for each in caplog.records if "status cannot be written" in each.message
    ]
    assert "says the platform team" in line
    assert "Change the policy: tried again every 30 s." in line
    events = [each async for each in world.admin.walk(EVENT, world.namespace)]
    assert [each["reason"] for each in events].count("Forbidden") == 1

    await policies.refuse(world)
    await world.run()
    assert (await world.conditions())["Paused"] == ("True", "Paused")


SIDECAR: Final = {"name": "mesh", "image": "mesh.test/proxy:1"}


def with_a_mesh(obj: Object) -> list[dict[str, Any]]:
    """What service meshes and label policies do: more than we want, nothing otherwise."""
    steps = policies.labelled(obj, "team", "chat")
    if obj["kind"] != "Deployment":
        return steps
    names = [each["name"] for each in obj["spec"]["template"]["spec"]["containers"]]
    if SIDECAR["name"] not in names:
        path = "/spec/template/spec/containers/-"
        steps.append({"op": "add", "path": path, "value": SIDECAR})
    return steps


async def test_what_a_webhook_adds_is_left_alone(world: World, tmp_path: Path) -> None:
    async with policies.mutating(world, tmp_path, with_a_mesh, "*"):
        await world.bring_up({**EMBEDDED, "engine": SCALED})
        await no_more_writes(world)

        await world.change({"engine": {"env": [{"name": "A", "value": "b"}]}})
        await world.run()
        await world.rolled_out()
        await no_more_writes(world)
        world.restart()
        await no_more_writes(world)

    containers = await containers_of(world, "acme-engine")
    assert [each["name"] for each in containers] == ["engine", "mesh"]
    assert {"name": "A", "value": "b"} in containers[0]["env"]
    assert (await world.get(SERVICE, "acme-web"))["metadata"]["labels"]["team"] == "chat"


async def containers_of(world: World, name: str) -> list[Object]:
    template = (await world.get(DEPLOYMENT, name))["spec"]["template"]
    return list(template["spec"]["containers"])


async def no_more_writes(world: World) -> None:
    """Nothing is written, whatever the controllers report, and the instance is ready."""
    await world.run()
    world.client.writes.clear()
    for ready in (1, 0, 2, 1):
        live = await world.get(DEPLOYMENT, "acme-web")
        status = live["status"] | {"readyReplicas": ready, "conditions": []}
        status |= {"replicas": max(1, ready), "availableReplicas": ready}
        await world.set_status(DEPLOYMENT, "acme-web", status)
        await world.run()
    written = [each for each in world.client.writes if "/polyantinstances/" not in each]
    assert written == []
    await world.rolled_out()
    await world.run()
    assert (await world.conditions())["Ready"] == ("True", "Ready")


def pulls_always(obj: Object) -> list[dict[str, Any]]:
    """What registries' policies do: a value of ours is made another one at each write."""
    if obj["kind"] != "Deployment":
        return []
    path = "/spec/template/spec/containers/0/imagePullPolicy"
    return [{"op": "replace", "path": path, "value": "Always"}]


async def test_a_webhook_that_has_the_last_word_is_not_written_against(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with policies.mutating(world, tmp_path, pulls_always, "deployments") as webhook:
            await world.bring_up()
            await no_more_writes(world)
            world.restart()
            before = len(webhook.shown)
            await no_more_writes(world)
            assert len(webhook.shown) <= before + 2, "a new process tries each once"

    told = {each.message for each in caplog.records if "otherwise than it was sent" in each.message}
    field = "spec.template.spec.containers[engine].imagePullPolicy"
    assert any("Deployment acme-engine" in each and field in each for each in told)
    assert not [each for each in caplog.records if "is put back" in each.message]

    world.pass_time(SETTLED_SECONDS)
    await world.run()
    (engine,) = await containers_of(world, "acme-engine")
    assert engine["imagePullPolicy"] == "IfNotPresent", "the policy is gone, which nobody tells"


async def test_a_webhook_that_never_says_the_same_twice_costs_no_endless_writing(
    world: World, tmp_path: Path
) -> None:
    number = iter(range(60, 1000))

    def grace(obj: Object) -> list[dict[str, Any]]:
        path = "/spec/template/spec/terminationGracePeriodSeconds"
        is_one = obj["kind"] == "Deployment"
        return [{"op": "replace", "path": path, "value": next(number)}] if is_one else []

    async with policies.mutating(world, tmp_path, grace, "deployments"):
        await world.bring_up()
        await no_more_writes(world)


async def test_a_webhook_that_is_down_is_told_with_its_name_and_waited_for(
    world: World, tmp_path: Path
) -> None:
    async with policies.mutating(world, tmp_path, with_a_mesh, "deployments") as webhook:
        await world.bring_up()
        webhook.go_away()
        await world.change({"engine": {"env": [{"name": "A", "value": "b"}]}})

        for _ in range(TOLD_AFTER):
            with pytest.raises(errors.Unavailable):
                await world.run()

        assert (await world.conditions())["Ready"] == ("False", "ApiUnavailable")
        assert 'failed calling webhook "platform.example.com"' in await world.message("Ready")

    await world.run()
    await world.rolled_out()
    await world.run()
    assert (await world.conditions())["Ready"] == ("True", "Ready")
