"""Run turns: open, ask the model, commit, and tell whoever watches.

Each turn is a task of its own, so a caller that goes away cannot leave one half done: cancelling
stops the model call, and then the turn is committed like any other. Nothing is told as final
before the commit.
"""

import asyncio
import contextlib
import itertools
import logging
from dataclasses import dataclass
from functools import partial

from polyant_engine.conversations import errors, model, prompt
from polyant_engine.conversations.answer import Answer
from polyant_engine.conversations.metrics import TurnMetrics
from polyant_engine.conversations.ports import (
    CallLog,
    CallRecord,
    Close,
    Keeper,
    SecretOpener,
    TurnStore,
)
from polyant_engine.conversations.running import Failed, Finished, RunningTurn
from polyant_engine.core import ids, problems
from polyant_engine.core.clock import Clock
from polyant_engine.core.errors import DatabaseUnavailable, PolyantError
from polyant_engine.gateway import ports as gateway
from polyant_engine.gateway.errors import ModelError
from polyant_engine.gateway.prices import PriceBook, Rates
from polyant_engine.gateway.providers import Providers
from polyant_engine.vault.model import Purpose

BUSY_WAIT_SECONDS = 10.0
BUSY_POLL_SECONDS = (0.05, 0.1, 0.2, 0.4)  # then the last one again
COMMIT_RETRY_SECONDS = (0.2, 1.0)
CANCEL_SECONDS = 5.0
PRICE_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What turns are made of."""

    store: TurnStore
    chat_model: gateway.ChatModel
    providers: Providers
    prices: PriceBook
    secrets: SecretOpener
    call_log: CallLog
    metrics: TurnMetrics
    clock: Clock
    timezone: str
    keeper: Keeper | None = None  # of what comes with messages


class Turns:
    """All turns of this process."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._use = dependencies
        self._running: dict[asyncio.Task[None], RunningTurn] = {}
        self._keeping: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> tuple[RunningTurn, ...]:
        """Return the turns that run now."""
        return tuple(self._running.values())

    async def start(self, request: model.Request) -> RunningTurn:
        """Open a turn and let it run; the caller watches the handle."""
        opened = await self._open(request)
        turn = RunningTurn(opened, is_watched=request.stream)
        _ = self._begin(turn, request, partial(self._use.store.close, opened))  # it is kept there
        return turn

    def resume(
        self, opened: model.OpenedTurn, request: model.Request, close: Close
    ) -> asyncio.Task[None]:
        """Let a turn run that was claimed, watched by nobody; `close` commits it."""
        return self._begin(RunningTurn(opened, is_watched=False), request, close)

    def _begin(self, turn: RunningTurn, request: model.Request, close: Close) -> asyncio.Task[None]:
        work = self._run(turn, request, close)
        task = asyncio.create_task(work, name=f"turn {turn.opened.id}")
        self._running[task] = turn
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if not task.cancelled() and (bug := task.exception()) is not None:
            log.error("a turn could not be committed", exc_info=bug)  # the watcher was told

    async def drain(self, seconds: float) -> None:
        """Let running turns finish within the time, then cancel and commit what is left."""
        if self._running:
            await asyncio.wait(tuple(self._running), timeout=seconds)
        for turn in self.running:
            turn.cancel()
        if left := (*self._running, *self._keeping):
            await asyncio.wait(left, timeout=CANCEL_SECONDS)

    async def _open(self, request: model.Request) -> model.OpenedTurn:
        """Open a turn, waiting a while for the one that runs in the conversation."""
        deadline = self._use.clock.monotonic() + BUSY_WAIT_SECONDS
        pauses = itertools.chain(BUSY_POLL_SECONDS, itertools.repeat(BUSY_POLL_SECONDS[-1]))
        while True:
            try:
                return await self._use.store.open(request)
            except errors.ConversationBusy:
                if self._use.clock.monotonic() >= deadline:
                    raise
            # Perhaps it runs in an engine that does not exist any more.
            await self._use.store.abandon_expired()
            await asyncio.sleep(next(pauses))

    async def _run(self, turn: RunningTurn, request: model.Request, close: Close) -> None:
        answer = Answer(self._use.clock)
        error: PolyantError | None = None
        try:
            target, messages = self._prepare(turn.opened, request)
            price = self._use.prices.ask(target)
            self._keep(turn.opened, request)
            work = asyncio.create_task(self._ask(turn, request, target, messages, answer))
            turn.attach(work)
            await asyncio.wait([work])
            error = _error_of(turn, work)
            if isinstance(error, ModelError):
                _warn(turn, target, error)
            rates = await _rates(price, patience=0 if error is not None else PRICE_SECONDS)
            ending = answer.ending(error, target, messages, rates)
            self._log(turn, request, target, ending, answer)
        except PolyantError as refused:
            error, ending = refused, model.Ending(state=model.State.FAILED, error=refused.code)
        except Exception:  # a bug of ours must not leave the watcher waiting for ever
            log.exception("turn %s failed unexpectedly", turn.opened.id)
            error = problems.unexpected()
            ending = model.Ending(state=model.State.FAILED, error=error.code)
        self._use.metrics.record(ending, answer)
        await self._commit(turn, ending, error, answer.finish_reason, close)

    def _keep(self, opened: model.OpenedTurn, request: model.Request) -> None:
        """Keep what came with the message beside the turn, which does not wait for it."""
        if self._use.keeper is None or not request.images:
            return
        keeping = self._use.keeper.keep(opened.agent.id, opened.id, request.images)
        task = asyncio.create_task(keeping, name=f"attachments of {opened.id}")
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    def _prepare(
        self, opened: model.OpenedTurn, request: model.Request
    ) -> tuple[gateway.Target, list[gateway.Message]]:
        agent, use = opened.agent, self._use
        own_key = None
        if agent.secret is not None and use.providers.needs_own_key(agent.provider):
            secret = agent.secret
            own_key = use.secrets.open(Purpose.AGENT_SECRET, secret.row_id, secret.sealed)
        target = use.providers.resolve(agent.provider, agent.model, own_key)
        system = prompt.build_system(agent.sections, use.clock.now(), use.timezone)
        messages = prompt.build_messages(
            system=system,
            instructions=request.instructions,
            history=opened.history,
            question=gateway.Message(role="user", content=request.text, images=request.images),
        )
        return target, messages

    async def _ask(
        self,
        turn: RunningTurn,
        request: model.Request,
        target: gateway.Target,
        messages: list[gateway.Message],
        answer: Answer,
    ) -> None:
        asked = gateway.ChatRequest(
            messages=messages, sampling=request.sampling, stream=request.stream
        )
        async with contextlib.aclosing(self._use.chat_model.chat(target, asked)) as deltas:
            async for delta in deltas:
                answer.take(delta)
                if delta.text:
                    await turn.emit_text(delta.text)

    async def _commit(
        self,
        turn: RunningTurn,
        ending: model.Ending,
        error: PolyantError | None,
        finish_reason: str,
        close: Close,
    ) -> None:
        """Store the ending, and only then tell it."""
        try:
            is_stored = not turn.is_lost and await self._close(turn.opened, ending, close)
        except PolyantError as failed:
            turn.finish(Failed(failed))
        except BaseException:
            turn.finish(Failed(errors.TurnLost()))
            raise
        else:
            error = error if is_stored else errors.TurnLost()
            told = Finished(ending=ending, finish_reason=finish_reason)
            turn.finish(told if error is None else Failed(error))

    async def _close(self, opened: model.OpenedTurn, ending: model.Ending, close: Close) -> bool:
        store = self._use.store
        for pause in COMMIT_RETRY_SECONDS:
            try:
                return await close(ending)
            except DatabaseUnavailable:
                await asyncio.sleep(pause)
            # The connection may have broken after the commit and before the answer.
            with contextlib.suppress(DatabaseUnavailable):
                if await store.has_ended(opened, ending):
                    return True
        return await close(ending)

    def _log(
        self,
        turn: RunningTurn,
        request: model.Request,
        target: gateway.Target,
        ending: model.Ending,
        answer: Answer,
    ) -> None:
        record = CallRecord(
            id=ids.new_id(),
            created_at=self._use.clock.now(),
            agent_id=turn.opened.agent.id,
            conversation_id=turn.opened.conversation_id,
            turn_id=turn.opened.id,
            outcome="ok" if ending.state is model.State.DONE else ending.state.value,
            error=ending.error,
            provider=target.provider,
            model=target.model,
            is_streaming=request.stream,
            usage=ending.usage,
            usage_estimated=ending.usage_estimated,
            cost_usd=ending.cost_usd,
            first_token_ms=answer.first_token_ms,
            duration_ms=answer.duration_ms,
        )
        self._use.call_log.append(record)


def _warn(turn: RunningTurn, target: gateway.Target, error: ModelError) -> None:
    """Tell the administrator what the provider said; providers like to repeat keys."""
    detail = error.detail.replace(target.api_key, "***") if target.api_key else error.detail
    log.warning(
        "the model failed",
        extra={
            "agent": turn.opened.agent.slug,
            "turn": str(turn.opened.id),
            "provider": target.provider,
            "model": target.model,
            "code": error.code,
            "detail": detail,
        },
    )


async def _rates(price: asyncio.Task[Rates | None], *, patience: float) -> Rates | None:
    """Return the rates if they are there in time; a cancelled turn waits for nothing."""
    if not price.done():
        await asyncio.wait([price], timeout=patience)
    return price.result() if price.done() else None


def _error_of(turn: RunningTurn, work: asyncio.Task[None]) -> PolyantError | None:
    """Return why the answer is not complete."""
    if work.cancelled() or turn.is_lost:
        return errors.TurnLost() if turn.is_lost else errors.TurnCancelled()
    raised = work.exception()
    if raised is None or isinstance(raised, PolyantError):
        return raised
    raise raised
