"""The whole reconcile on a real API server: from nothing to Ready, and back whatever happens."""

import pytest

from polyant_operator.kube.kinds import (
    DEPLOYMENT,
    DISRUPTION_BUDGET,
    INSTANCE,
    JOB,
    LEASE,
    SECRET,
    SERVICE,
    STATEFUL_SET,
)
from support import kstatus
from support.operator_world import World

pytestmark = pytest.mark.integration


async def state(world: World) -> str:
    instance = await world.get(INSTANCE, "acme")
    assert kstatus.contradiction(instance) is None
    return kstatus.compute(instance)


async def test_an_instance_nobody_looked_at_is_in_progress(world: World) -> None:
    instance = await world.create()

    assert kstatus.compute(instance) == kstatus.IN_PROGRESS


async def test_the_first_pass_makes_everything_before_the_gate_and_nothing_behind(
    world: World,
) -> None:
    await world.create()

    await world.run()

    assert await world.names(SECRET) == [
        "acme-admin",
        "acme-auth-secrets",
        "acme-database",
        "acme-encryption-key",
    ]
    assert await world.names(SERVICE) == ["acme-database", "acme-engine", "acme-web"]
    assert await world.names(STATEFUL_SET) == ["acme-database"]
    assert await world.names(LEASE) == ["acme-channels"]
    assert len(await world.names(JOB)) == 1
    assert await world.names(DEPLOYMENT) == []
    assert await state(world) == kstatus.IN_PROGRESS


async def test_an_instance_becomes_ready_and_then_nothing_is_written(world: World) -> None:
    await world.bring_up()

    assert await state(world) == kstatus.CURRENT
    assert await world.names(DEPLOYMENT) == ["acme-engine", "acme-web"]
    assert await world.names(DISRUPTION_BUDGET) == ["acme-engine", "acme-web"]
    status = await world.status()
    assert status["effective"]["migrationHead"] == "0003"
    assert status["summary"] == {"engine": "1/1", "web": "1/1"}
    assert status["encryption"]["keyId"] == await world.key_id()

    await world.run()
    world.client.writes.clear()
    await world.run()
    world.restart()
    await world.run()
    await world.run()

    assert world.client.writes == []


async def test_the_secrets_of_a_ready_instance_are_confirmed_and_immutable(world: World) -> None:
    await world.bring_up()
    await world.run()

    secret = await world.get(SECRET, "acme-encryption-key")
    assert secret["immutable"] is True
    assert "polyant.ai/unconfirmed" not in secret["metadata"]["annotations"]
    assert secret["metadata"]["annotations"]["polyant.ai/installation-id"].startswith("11111111")
    assert "ownerReferences" not in secret["metadata"]
