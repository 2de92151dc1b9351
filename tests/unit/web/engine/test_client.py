"""Calls and their answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from polyant_web.engine.client import Engine
from polyant_web.engine.errors import EngineAway
from polyant_web.engine.transport import Call, Reply, Stream
from support.fake_engine import ADMIN, FakeEngine
from support.panel import InMemoryTransport


class Canned:
    """Answers everything with the same bytes."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.reply = Reply(status=status, headers={}, body=body)

    async def send(self, _: Call) -> Reply:
        return self.reply

    @asynccontextmanager
    async def open(self, _: Call) -> AsyncIterator[Stream]:
        async def chunks() -> AsyncIterator[bytes]:
            yield self.reply.body

        yield Stream(status=self.reply.status, headers={}, chunks=chunks())


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"user":7}', b'{"user":{}}'])
async def test_an_answer_of_another_shape_is_absence(body: bytes) -> None:
    session = Engine(Canned(body)).session("ps_x", client_address=None)

    with pytest.raises(EngineAway):
        await session.user()


async def test_a_stream_begins_with_200_only() -> None:
    session = Engine(Canned(b"", 204)).session("ps_x", client_address=None)

    with pytest.raises(EngineAway):
        async with session.ask_streaming("desk", message="hi", chat_id="c"):
            pytest.fail("must not begin")


async def test_a_session_reads_its_person(engine: FakeEngine) -> None:
    session = Engine(InMemoryTransport(engine.app)).session(engine.sign_in(), client_address=None)

    user = await session.user()

    assert (user.email, user.label, user.role) == (ADMIN, "Ada Lovelace", "superadmin")


def test_tokens_are_not_shown() -> None:
    session = Engine(Canned(b"")).session("ps_secret", client_address=None)

    assert "ps_secret" not in repr(session)
    assert "ps_secret" not in repr(Call(method="GET", path="/", token="ps_secret"))
