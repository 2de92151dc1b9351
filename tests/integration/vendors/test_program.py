"""The simulators as a program of their own, told what to do over HTTP."""

import asyncio
import json
import os
import signal
import ssl
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from support import authority
from support.vendors.telegram.simulator import Telegram

pytestmark = pytest.mark.integration

TESTS = Path(__file__).parents[2]


@asynccontextmanager
async def program(*arguments: str, count: int) -> AsyncIterator[dict[str, str]]:
    """Run it and give the URLs by vendor; it must end well when it is asked to."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "support.vendors",
        *arguments,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        lines = [json.loads(await process.stdout.readline()) for _ in range(count)]
        yield {line["vendor"]: line["url"] for line in lines}
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_it_serves_all_three_and_is_scripted_and_read_over_http(tmp_path: Path) -> None:
    started = time.monotonic()
    names = ("telegram", "slack", "twilio")
    async with (
        program(*names, "--journal", str(tmp_path), count=3) as urls,
        aiohttp.ClientSession() as session,
    ):

        async def act(action: str, **arguments: Any) -> tuple[int, Any]:
            where = f"{urls['telegram']}/_control/{action}"
            async with session.post(where, json=arguments) as answer:
                return answer.status, await answer.json()

        bot = (await act("add_bot", username="a_bot"))[1]["result"]
        ada = (await act("add_person", name="Ada"))[1]["result"]
        await act("say", bot=bot["token"], person=ada, text="hello")
        async with session.get(f"{urls['telegram']}/bot{bot['token']}/getUpdates") as answer:
            assert (await answer.json())["result"][0]["message"]["text"] == "hello"
        async with session.get(f"{urls['telegram']}/_control/journal?since=0") as answer:
            entries = (await answer.json())["entries"]
        assert (await act("fly"))[0] == 404
        assert (await act("say", bot="1:a"))[0] == 400

    assert set(urls) == set(names)
    assert [entry["operation"] for entry in entries] == [
        "update_created",
        "getUpdates",
        "getUpdates",
    ]
    # Times are of the machine, so that what several processes saw can be put in order.
    assert all(started < entry["at"] < time.monotonic() for entry in entries)
    written = [json.loads(line) for line in (tmp_path / "telegram.jsonl").read_text().splitlines()]
    assert written == entries


async def test_it_can_speak_tls(tmp_path: Path) -> None:
    vouched = authority.make(tmp_path)
    async with Telegram(tls=vouched.server()) as telegram:
        bot = telegram.add_bot()
        trust = ssl.create_default_context(cafile=str(vouched.ca_file))
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{telegram.url}/bot{bot.token}/getMe", ssl=trust) as answer,
        ):
            assert (await answer.json())["result"]["id"] == bot.id
