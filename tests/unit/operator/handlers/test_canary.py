"""The canary: silent watches end the process by its liveness probe, and nothing else does."""

from aiohttp.test_utils import TestClient, TestServer

from polyant_operator.handlers import health
from polyant_operator.handlers.canary import OLDEST_SECONDS, Canary


class Clock:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def alive(canary: Canary) -> tuple[int, str]:
    app = health.application(canary.problem, lambda: None)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/livez")
        return answer.status, await answer.text()


async def test_watches_that_say_nothing_for_two_minutes_fail_the_liveness_probe() -> None:
    clock = Clock()
    canary = Canary(clock)
    canary.start()
    clock.now = OLDEST_SECONDS
    assert await alive(canary) == (200, "ok\n")

    clock.now += 1

    status, text = await alive(canary)
    assert status == 503
    assert "no event came through the watches for 121 s" in text


async def test_an_event_makes_the_process_alive_again() -> None:
    clock = Clock()
    canary = Canary(clock)
    canary.start()
    clock.now = 1000
    canary.sing()

    assert await alive(canary) == (200, "ok\n")


async def test_a_standby_expects_no_events() -> None:
    clock = Clock()
    canary = Canary(clock)
    clock.now = 1000
    assert await alive(canary) == (200, "ok\n")

    canary.start()
    canary.stop()
    clock.now = 5000

    assert await alive(canary) == (200, "ok\n")
