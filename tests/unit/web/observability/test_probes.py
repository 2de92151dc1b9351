"""Readiness and the secrets it compares."""

import logging
from dataclasses import dataclass

import httpx2
import pytest

from polyant_web import asgi, settings
from polyant_web.observability import probes
from polyant_web.observability.metrics import Metrics
from polyant_web.observability.probes import Drain
from support.fake_engine import INTERNAL_SECRET, FakeEngine
from support.panel import ENVIRON, HOME, InMemoryTransport


@dataclass
class Side:
    """The metrics port of a panel over a scripted engine."""

    line: InMemoryTransport
    drain: Drain
    http: httpx2.AsyncClient


def side(engine: FakeEngine, internal_secret: str = INTERNAL_SECRET) -> Side:
    line, drain = InMemoryTransport(engine.app, internal_secret), Drain()

    async def check() -> str | None:
        return await asgi.readiness(settings.load(ENVIRON), line)

    app = probes.build(metrics=Metrics(), drain=drain, check=check)
    transport = httpx2.ASGITransport(app=app)
    return Side(line, drain, httpx2.AsyncClient(transport=transport, base_url=HOME))


async def test_ready_with_an_engine_of_the_same_secret(engine: FakeEngine) -> None:
    answer = await side(engine).http.get("/readyz")

    assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_another_secret_is_named_with_its_cure(engine: FakeEngine) -> None:
    engine.auth_secret = "b" * 40

    answer = await side(engine).http.get("/readyz")

    assert answer.status_code == 503
    assert "AUTH_SECRET of the panel differs from the engine's" in answer.text


@pytest.mark.parametrize("secret", ["b" * 40, "c" * 40])
async def test_while_the_secret_changes_an_engine_with_either_value_will_do(
    engine: FakeEngine, secret: str
) -> None:
    engine.auth_secret = secret
    line = InMemoryTransport(engine.app)
    changing = {**ENVIRON, "AUTH_SECRET": "b" * 40, "AUTH_SECRET_PREVIOUS": "c" * 40}

    assert await asgi.readiness(settings.load(changing), line) is None


async def test_a_reason_is_logged_once(
    engine: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    panel = side(engine)
    with caplog.at_level(logging.INFO, "polyant_web"):
        for away in (True, True, False, False):
            panel.line.away = away
            await panel.http.get("/readyz")

    assert [record.message for record in caplog.records] == ["not ready", "ready"]


async def test_a_wrong_internal_secret_is_not_ready(engine: FakeEngine) -> None:
    answer = await side(engine, internal_secret="another one").http.get("/readyz")

    assert answer.status_code == 503


async def test_without_the_engine_alive_and_not_ready(engine: FakeEngine) -> None:
    panel = side(engine)
    panel.line.away = True

    assert (await panel.http.get("/livez")).status_code == 200
    answer = await panel.http.get("/readyz")
    assert (answer.status_code, "does not answer" in answer.text) == (503, True)


async def test_not_ready_while_draining(engine: FakeEngine) -> None:
    panel = side(engine)
    panel.drain.started = True

    assert (await panel.http.get("/readyz")).status_code == 503


async def test_metrics_are_exposed(engine: FakeEngine) -> None:
    assert "polyant_web_open_streams 0.0" in (await side(engine).http.get("/metrics")).text
