"""The scripted model as a process: it answers out of the box, ends on SIGTERM, refuses bad rules."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from bench import stack

pytestmark = pytest.mark.integration
COMMAND = (sys.executable, "-m", "polyant_engine", "demo-model")


async def test_it_answers_without_a_rules_file(tmp_path: Path) -> None:
    body = {"model": "demo", "messages": [{"role": "user", "content": "hello"}]}
    async with stack.scripted_model(tmp_path) as url, aiohttp.ClientSession() as client:
        async with client.post(f"{url}/chat/completions", json=body) as answer:
            said = await answer.json()
        async with client.get(f"{url}/models") as answer:
            models = await answer.json()

    assert said["choices"][0]["message"]["content"] == "You said: hello"
    assert [model["id"] for model in models["data"]] == ["demo"]


@pytest.mark.parametrize(
    ("body", "status", "part"),
    [(b"{", 400, "unexpected end"), (b"[]", 400, "JSON object"), (b"{}", 400, "messages")],
)
async def test_a_request_that_is_none_is_refused(
    tmp_path: Path, body: bytes, status: int, part: str
) -> None:
    async with (
        stack.scripted_model(tmp_path) as url,
        aiohttp.ClientSession() as client,
        client.post(f"{url}/chat/completions", data=body) as answer,
    ):
        assert answer.status == status
        assert part in (await answer.json())["error"]["message"]


async def test_a_request_without_a_rule_is_said(tmp_path: Path) -> None:
    body = {"messages": [{"role": "user", "content": "hello"}]}
    rules = "rules: [{match: {text: '^never$'}, reply: x}]"
    async with (
        stack.scripted_model(tmp_path, rules) as url,
        aiohttp.ClientSession() as client,
        client.post(f"{url}/chat/completions", json=body) as answer,
    ):
        assert answer.status == 404
        assert (await answer.json())["error"]["code"] == "no_rule"


def test_it_ends_on_sigterm_with_zero() -> None:
    port = stack.free_port()
    process = subprocess.Popen([*COMMAND, "--port", str(port)], stderr=subprocess.DEVNULL)
    try:
        while not is_listening(port) and process.poll() is None:
            time.sleep(0.02)
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def is_listening(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        if client.connect_ex((stack.HOST, port)) != 0:
            return False
        client.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        return client.recv(12) == b"HTTP/1.1 200"


def test_wrong_rules_end_it_with_64_and_every_reason(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules:\n  - {replyy: x}\n  - {fail: {status: 99}}\n")

    ended = subprocess.run(
        [*COMMAND, "--rules", str(rules)], check=False, capture_output=True, text=True, timeout=30
    )

    assert ended.returncode == 64
    assert "rules.0.replyy" in ended.stderr
    assert "rules.1.fail.status" in ended.stderr
    assert "Traceback" not in ended.stderr
