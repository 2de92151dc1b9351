"""A turn is opened, run, committed, and only then told."""

import asyncio
from decimal import Decimal

import pytest
from prometheus_client import CollectorRegistry

from polyant_engine.conversations import errors, leases
from polyant_engine.conversations.model import State
from polyant_engine.conversations.running import Failed, Finished, RunningTurn, Text
from polyant_engine.gateway import errors as upstream
from polyant_engine.gateway.ports import Delta, Image, Usage
from polyant_engine.gateway.prices import Rates
from support.turns import MemoryStore, ScriptedModel, SlowKeeper, a_request, turns_of

USAGE = Usage(input_tokens=1000, output_tokens=500)
RATES = Rates(input=Decimal(1), output=Decimal(2), cached=Decimal(1))
HELLO = Delta(text="hello", finish_reason="stop", usage=USAGE)


async def ended(turn: RunningTurn) -> Finished | Failed:
    while isinstance(event := await turn.next_event(), Text):
        pass
    return event


async def test_a_plain_turn_commits_reply_usage_and_cost() -> None:
    store, says = MemoryStore(), ScriptedModel([HELLO])
    turns, log = turns_of(store, says, RATES)

    told = await ended(await turns.start(a_request()))

    assert isinstance(told, Finished)
    [ending] = store.endings
    assert (ending.state, ending.text, ending.usage) == (State.DONE, "hello", USAGE)
    assert ending.cost_usd == Decimal("0.00200000")
    assert [record.outcome for record in log] == ["ok"]
    assert [item.role for item in says.asked[0].messages] == ["system", "user"]


async def test_an_unknown_price_is_no_price() -> None:
    store = MemoryStore()
    turns, _ = turns_of(store, ScriptedModel([HELLO]))

    await ended(await turns.start(a_request()))

    assert store.endings[0].cost_usd is None


async def test_a_stream_is_told_in_pieces_and_finished_after_the_commit() -> None:
    store = MemoryStore()
    turns, _ = turns_of(store, ScriptedModel([Delta(text="a"), Delta(text="b"), HELLO]))
    turn = await turns.start(a_request(stream=True))

    texts: list[str] = []
    while isinstance(event := await turn.next_event(), Text):
        texts.append(event.text)

    assert "".join(texts) == "abhello"
    assert isinstance(event, Finished)
    assert store.endings[0].text == "abhello"


async def test_cancelling_commits_what_came_with_estimated_usage() -> None:
    store, says = MemoryStore(), ScriptedModel([Delta(text="half an answer"), None])
    turns, log = turns_of(store, says)
    turn = await turns.start(a_request(stream=True))
    await turn.next_event()

    turn.cancel()
    told = await ended(turn)

    assert isinstance(told, Failed)
    [ending] = store.endings
    assert (ending.state, ending.text, ending.is_partial) == (
        State.CANCELLED,
        "half an answer",
        True,
    )
    assert ending.usage_estimated
    assert ending.usage is not None
    assert ending.usage.output_tokens == 4
    assert says.closed
    assert [record.outcome for record in log] == ["cancelled"]


async def test_a_model_error_fails_the_turn_without_a_reply() -> None:
    store = MemoryStore()
    turns, log = turns_of(store, ScriptedModel([upstream.ModelTimeout("slow")]))

    told = await ended(await turns.start(a_request()))

    assert isinstance(told, Failed)
    assert isinstance(told.error, upstream.ModelTimeout)
    [ending] = store.endings
    assert (ending.state, ending.error, ending.has_reply, ending.usage) == (
        State.FAILED,
        "upstream_timeout",
        False,
        None,
    )
    assert [record.error for record in log] == ["upstream_timeout"]


async def test_what_the_provider_said_is_logged_without_our_key(
    caplog: pytest.LogCaptureFixture,
) -> None:
    turns, _ = turns_of(
        MemoryStore(), ScriptedModel([upstream.ModelUnauthorized("bad key sk-test, sorry")])
    )

    await ended(await turns.start(a_request()))

    [record] = [item for item in caplog.records if item.message == "the model failed"]
    assert vars(record)["detail"] == "bad key ***, sorry"
    assert vars(record)["code"] == "upstream_unauthorized"


async def test_a_bug_in_the_run_still_ends_the_turn() -> None:
    store = MemoryStore()
    turns, _ = turns_of(store, ScriptedModel([RuntimeError("bug")]))

    told = await ended(await turns.start(a_request()))

    assert isinstance(told, Failed)
    assert told.error.code == "internal_error"
    assert [ending.state for ending in store.endings] == [State.FAILED]


async def test_an_agent_without_a_provider_fails_before_any_call() -> None:
    store, says = MemoryStore(provider=None), ScriptedModel([HELLO])
    turns, log = turns_of(store, says)

    told = await ended(await turns.start(a_request()))

    assert isinstance(told, Failed)
    assert (told.error.code, says.asked, list(log)) == ("model_not_configured", [], [])
    assert store.endings[0].state is State.FAILED


async def test_turns_are_counted_by_how_they_end() -> None:
    registry = CollectorRegistry()
    says = ScriptedModel([HELLO])
    turns, _ = turns_of(MemoryStore(), says, registry=registry)
    await ended(await turns.start(a_request()))
    says.says = [upstream.ModelTimeout("late")]
    await ended(await turns.start(a_request()))

    for labels in (
        {"state": "done", "error": "none"},
        {"state": "failed", "error": "upstream_timeout"},
    ):
        assert registry.get_sample_value("polyant_turns_total", labels) == 1
    assert registry.get_sample_value("polyant_model_call_seconds_count") == 1


async def test_a_turn_that_is_not_ours_any_more_is_not_told_as_done() -> None:
    turns, _ = turns_of(MemoryStore(is_ours=False), ScriptedModel([HELLO]))

    told = await ended(await turns.start(a_request()))

    assert isinstance(told, Failed)
    assert isinstance(told.error, errors.TurnLost)


async def test_a_lost_lease_stops_the_model_and_commits_nothing() -> None:
    store, says = MemoryStore(), ScriptedModel([Delta(text="x"), None])
    turns, _ = turns_of(store, says)
    turn = await turns.start(a_request(stream=True))
    await turn.next_event()

    store.is_ours = False
    await leases.renew(turns, store)
    told = await ended(turn)

    assert isinstance(told, Failed)
    assert isinstance(told.error, errors.TurnLost)
    assert (store.endings, says.closed) == ([], True)


async def test_a_busy_conversation_is_waited_for() -> None:
    store = MemoryStore(busy=2)
    turns, _ = turns_of(store, ScriptedModel([HELLO]))

    await ended(await turns.start(a_request()))

    assert store.abandoned == 2
    assert len(store.endings) == 1


async def test_a_short_outage_at_the_commit_is_bridged() -> None:
    store = MemoryStore(outages=1)
    turns, _ = turns_of(store, ScriptedModel([HELLO]))

    told = await ended(await turns.start(a_request()))

    assert isinstance(told, Finished)


async def test_a_commit_whose_answer_got_lost_is_still_a_commit() -> None:
    store = MemoryStore(outages=1, loses_answers=True)
    turns, _ = turns_of(store, ScriptedModel([HELLO]))

    told = await ended(await turns.start(a_request()))

    assert isinstance(told, Finished)
    assert len(store.endings) == 1


async def test_draining_waits_and_then_cancels() -> None:
    store = MemoryStore()
    turns, _ = turns_of(store, ScriptedModel([Delta(text="x"), None]))
    await turns.start(a_request())
    await asyncio.sleep(0)

    await turns.drain(0.01)

    assert [ending.state for ending in store.endings] == [State.CANCELLED]
    assert turns.running == ()


@pytest.mark.parametrize("watched", [True, False])
async def test_a_reader_that_is_slow_slows_the_model_down(*, watched: bool) -> None:
    says = ScriptedModel([*[Delta(text="x")] * 1000, None])
    turns, _ = turns_of(MemoryStore(), says)
    turn = await turns.start(a_request(stream=watched))
    for _ in range(2000):
        await asyncio.sleep(0)

    first = await turn.next_event() if watched else Text("")
    turn.cancel()
    await ended(turn)

    assert isinstance(first, Text)
    assert len(first.text) == (64 if watched else 0)


IMAGE = Image(media_type="image/png", data=b"png")


async def test_a_turn_does_not_wait_for_its_images_to_be_kept_and_a_drain_does() -> None:
    store, says, keeper = MemoryStore(), ScriptedModel([HELLO]), SlowKeeper(seconds=0.05)
    turns, _ = turns_of(store, says, keeper=keeper)

    told = await ended(await turns.start(a_request(images=[IMAGE])))
    assert isinstance(told, Finished)
    assert not keeper.kept

    await turns.drain(1)
    assert keeper.kept == [IMAGE]
    assert says.asked[0].messages[-1].images == [IMAGE]
