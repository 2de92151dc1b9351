from polyant_engine.core import errors
from polyant_engine.core.health import Check, Health, Operations, PublicHealth
from polyant_engine.core.internal_secret import NOBODY
from polyant_engine.core.metrics import Metrics
from polyant_engine.core.routing import Router
from support.asgi import Answer, request
from support.clock import FrozenClock


class Nobody:
    async def session(self, token: str) -> None:
        del token


async def fine() -> str | None:
    return None


async def behind() -> str | None:
    return "the schema is behind"


async def broken() -> str | None:
    raise errors.DatabaseUnavailable


async def ask(health: Health, path: str) -> Answer:
    router = Router(Operations(health, Metrics()).endpoints(), Nobody(), NOBODY)
    return await request(router, "GET", path)


async def test_ready_when_every_check_is() -> None:
    answer = await ask(Health([Check(name="a", probe=fine)]), "/readyz")

    assert answer.status == 200


async def test_unready_says_every_reason() -> None:
    checks = [Check(name="schema", probe=behind), Check(name="database", probe=broken)]

    answer = await ask(Health(checks), "/readyz")

    assert answer.status == 503
    assert answer.json()["problems"] == {
        "schema": "the schema is behind",
        "database": "The database does not answer; try again.",
    }


async def test_a_process_that_drains_is_unready_and_alive() -> None:
    health = Health([Check(name="a", probe=fine)])

    health.drain()

    assert (await ask(health, "/readyz")).status == 503
    assert (await ask(health, "/livez")).status == 200


async def test_a_dead_database_does_not_make_the_process_dead() -> None:
    assert (await ask(Health([Check(name="a", probe=broken)]), "/livez")).status == 200


async def test_health_keeps_the_contract_of_the_product() -> None:
    router = Router(PublicHealth(FrozenClock()).endpoints(), Nobody(), NOBODY)

    answer = await request(router, "GET", "/health")

    assert answer.json() == {
        "status": "ok",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "service": "polyant",
    }
