"""The panel as a process: ports, probes, the transport to the engine, its end."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from polyant_web.engine.client import Engine
from polyant_web.engine.errors import EngineAway
from polyant_web.engine.http import HttpTransport
from polyant_web.observability.metrics import Metrics
from support.browser import served
from support.fake_engine import ADMIN, INTERNAL_SECRET, PASSWORD, FakeEngine
from support.panel_process import Process, fetch, free_port, started

pytestmark = pytest.mark.integration


def sign_in(http: httpx2.Client) -> None:
    http.post(
        "/signin", data={"email": ADMIN, "password": PASSWORD, "csrf": token(http, "/signin")}
    )


def token(http: httpx2.Client, path: str) -> str:
    page = http.get(path).text
    return page.split('name="csrf" value="')[1].split('"')[0]


def test_both_protocols_are_served(panel: Process) -> None:
    families = [socket.AF_INET] + ([socket.AF_INET6] if socket.has_dualstack_ipv6() else [])

    for family in families:
        host = "127.0.0.1" if family is socket.AF_INET else "[::1]"
        assert fetch(f"http://{host}:{panel.port}/health")[0] == 200


def test_one_address_can_be_chosen(engine_url: str, tmp_path: Path) -> None:
    with (
        started(engine_url, tmp_path / "log", LISTEN_ADDRESS="127.0.0.1") as panel,
        pytest.raises(OSError, match="refused"),
    ):
        socket.create_connection(("::1", panel.port), timeout=2)


def test_ready_follows_the_engine(tmp_path: Path) -> None:
    engine = FakeEngine()
    with served(engine.app) as url, started(url, tmp_path / "log") as panel:
        assert panel.probe("/readyz") == (200, "ok\n")
        engine.auth_secret = "c" * 40
        status, text = panel.probe("/readyz")

    assert (status, "AUTH_SECRET" in text) == (503, True)


def test_without_the_engine_it_starts_and_says_so(tmp_path: Path) -> None:
    with started(f"http://127.0.0.1:{free_port()}", tmp_path / "log") as panel:
        assert panel.probe("/livez")[0] == 200
        status, text = panel.probe("/readyz")
        assert (status, "does not answer" in text) == (503, True)
        assert fetch(f"{panel.url}/signin")[0] == 200


def test_wrong_configuration_ends_with_64(tmp_path: Path) -> None:
    environ = {**os.environ, "PORT": "none", "AUTH_SECRET": ""}

    ended = subprocess.run(
        [sys.executable, "-m", "polyant_web", "serve"],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert ended.returncode == 64
    assert "PORT" in ended.stderr
    assert "AUTH_SECRET" in ended.stderr


def test_a_stream_survives_sigterm_and_then_the_process_ends(
    engine: FakeEngine, engine_url: str, tmp_path: Path
) -> None:
    engine.add_agent("desk")
    engine.pause_seconds = 0.2
    with (
        started(engine_url, tmp_path / "log") as panel,
        httpx2.Client(base_url=panel.url) as http,
    ):
        sign_in(http)
        csrf = token(http, "/playground/desk")
        form = {"message": "a b c d e f g h", "chat_id": "c" * 32, "csrf": csrf}
        with http.stream("POST", "/playground/desk/stream", data=form) as answer:
            pieces = answer.iter_bytes()
            first = next(pieces)
            panel.popen.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            assert panel.probe("/readyz") == (503, "draining: the process is stopping\n")
            rest = b"".join(pieces)

        assert (first + rest).rstrip().endswith(b"data: [DONE]")
        assert panel.popen.wait(timeout=10) == 0


def test_a_browser_that_leaves_ends_the_call_to_the_engine(
    engine: FakeEngine, panel: Process
) -> None:
    engine.add_agent("desk")
    engine.pause_seconds = 0.1
    with httpx2.Client(base_url=panel.url) as http:
        sign_in(http)
        csrf = token(http, "/playground/desk")
        form = {"message": "word " * 200, "chat_id": "c" * 32, "csrf": csrf}
        with http.stream("POST", "/playground/desk/stream", data=form) as answer:
            pieces = answer.iter_bytes()
            next(pieces)
            assert "polyant_web_open_streams 1.0" in panel.probe("/metrics")[1]
    for _ in range(40):
        if engine.streams_closed:
            break
        time.sleep(0.05)

    assert engine.streams_closed == 1
    assert "polyant_web_open_streams 0.0" in panel.probe("/metrics")[1]


def test_no_secret_is_in_the_log(engine: FakeEngine, panel: Process) -> None:
    with httpx2.Client(base_url=panel.url) as http:
        sign_in(http)
        http.get("/agents")

    log = panel.log.read_text()
    session = next(iter(engine.sessions))
    assert not [secret for secret in (PASSWORD, session, INTERNAL_SECRET) if secret in log]


async def test_no_engine_is_an_error_with_a_name() -> None:
    transport = HttpTransport(f"http://127.0.0.1:{free_port()}", "s" * 16, Metrics())
    try:
        with pytest.raises(EngineAway, match="GET /api/auth/fingerprint"):
            await Engine(transport).fingerprint()
    finally:
        await transport.close()


async def test_no_cookie_is_kept_and_nothing_forwarded_is_sent(
    engine: FakeEngine, engine_url: str
) -> None:
    metrics = Metrics()
    transport = HttpTransport(engine_url, INTERNAL_SECRET, metrics)
    try:
        session = Engine(transport).session(engine.sign_in(), client_address="203.0.113.7")
        await session.user()
        await session.agents()
    finally:
        await transport.close()

    sent = engine.headers[-1]
    assert (sent["x-client-address"], "cookie" in sent) == ("203.0.113.7", False)
    assert not [name for name in sent if name.startswith("x-forwarded")]
    assert 'engine_calls_total{method="GET",status="200"} 2.0' in metrics.render().decode()
