"""A response watches its turn: headers wait, silence is filled, clients that leave cancel."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from starlette.types import Message, Scope
from typing_extensions import override

from polyant_engine.completions import responses, wire
from polyant_engine.conversations.model import State
from polyant_engine.gateway import errors as upstream
from polyant_engine.gateway.ports import Delta
from support.turns import MemoryStore, ScriptedModel, a_request, turns_of

pytestmark = [pytest.mark.asyncio, pytest.mark.looptime]
SCOPE: Scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": []}
END = Delta(finish_reason="stop")


@dataclass
class Client:
    """The other side of a connection."""

    leaves_after: float | None = None  # seconds
    reads: bool = True
    sent: list[Message] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    async def receive(self) -> Message:
        await asyncio.sleep(1e6 if self.leaves_after is None else self.leaves_after)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if not self.reads and message["type"] == "http.response.body":
            await asyncio.Event().wait()
        self.sent.append(message)
        self.times.append(asyncio.get_running_loop().time())

    @property
    def status(self) -> int:
        found: int = self.sent[0]["status"]
        return found

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


async def serve(
    says: Sequence[Any], client: Client, *, stream: bool = True, store: MemoryStore | None = None
) -> MemoryStore:
    store = store or MemoryStore()
    turns, _ = turns_of(store, ScriptedModel(says))
    turn = await turns.start(a_request(stream=stream))
    watched = responses.Watched(
        turn=turn,
        envelope=wire.Envelope(id="chatcmpl-1", created=0, model="helper"),
        headers={"x-ratelimit-limit-requests": "600"},
        path="/v1/chat/completions",
    )
    answer: Any = responses.PlainAnswer(watched)
    if stream:
        answer = responses.StreamedAnswer(watched, with_usage=False)
    await answer(SCOPE, client.receive, client.send)
    await turns.drain(1)
    return store


async def test_an_error_before_the_first_word_has_its_own_status() -> None:
    client = Client()

    await serve([9, upstream.ModelTimeout("late")], client)

    assert client.status == 504
    assert orjson.loads(client.body)["error"]["code"] == "upstream_timeout"
    headers = dict(client.sent[0]["headers"])
    assert headers[b"content-type"] == b"application/json"
    assert headers[b"x-ratelimit-limit-requests"] == b"600"


async def test_headers_wait_ten_seconds_at_most_and_silence_is_filled() -> None:
    client = Client()

    await serve([60, Delta(text="at last"), END], client)

    assert client.status == 200
    assert client.times[0] == pytest.approx(10, abs=0.1)
    assert client.body.count(wire.PING) == 4  # at 10, 25, 40 and 55 s
    assert client.body.endswith(wire.DONE)
    assert b"at last" in client.body


async def test_an_error_in_the_middle_is_an_event_and_no_done() -> None:
    client = Client()

    store = await serve([Delta(text="half"), 1, upstream.ModelBroken()], client)

    assert client.status == 200
    assert b"upstream_broken" in client.body
    assert b"[DONE]" not in client.body
    assert client.sent[-1].get("more_body") is False
    assert [ending.text for ending in store.endings] == ["half"]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_leaves_cancels_at_once(*, stream: bool) -> None:
    client = Client(leaves_after=3)

    store = await serve([Delta(text="half"), 1000, END], client, stream=stream)

    assert [ending.state for ending in store.endings] == [State.CANCELLED]
    assert store.endings[0].text == "half"
    assert asyncio.get_running_loop().time() == pytest.approx(3, abs=0.1)


async def test_a_client_that_takes_nothing_for_half_a_minute_is_gone() -> None:
    client = Client(reads=False)

    store = await serve([Delta(text="x"), 1000, END], client)

    assert [ending.state for ending in store.endings] == [State.CANCELLED]
    assert asyncio.get_running_loop().time() == pytest.approx(30, abs=0.1)


async def test_a_server_that_stops_waiting_cancels_the_turn() -> None:
    store = MemoryStore()
    serving = asyncio.create_task(serve([Delta(text="x"), 1000, END], Client(), store=store))
    await asyncio.sleep(1)

    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    await asyncio.sleep(0.1)

    assert [ending.state for ending in store.endings] == [State.CANCELLED]


async def test_done_comes_after_the_commit() -> None:
    client = Client()
    committed: list[bool] = []

    class Slow(MemoryStore):
        @override
        async def close(self, *given: Any) -> bool:
            await asyncio.sleep(5)
            committed.append(wire.DONE in client.body)
            return await super().close(*given)

    turns, _ = turns_of(Slow(), ScriptedModel([Delta(text="x"), END]))
    turn = await turns.start(a_request(stream=True))
    watched = responses.Watched(
        turn=turn, envelope=wire.Envelope(id="i", created=0, model="m"), headers={}, path="/v1/x"
    )
    await responses.StreamedAnswer(watched, with_usage=False)(SCOPE, client.receive, client.send)

    assert committed == [False]
    assert client.body.endswith(wire.DONE)


async def test_a_plain_answer_is_one_json_body() -> None:
    client = Client()

    await serve([Delta(text="all of it", finish_reason="stop")], client, stream=False)

    assert client.status == 200
    assert orjson.loads(client.body)["choices"][0]["message"]["content"] == "all of it"
