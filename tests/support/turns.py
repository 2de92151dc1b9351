"""Small real implementations of what turns need, in memory."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from polyant_engine.agents.model import InstallationModel
from polyant_engine.conversations import errors, model
from polyant_engine.conversations.metrics import TurnMetrics
from polyant_engine.conversations.ports import CallRecord, Keeper
from polyant_engine.conversations.service import Dependencies, Turns
from polyant_engine.core.errors import DatabaseUnavailable
from polyant_engine.gateway import ports as gateway
from polyant_engine.gateway.prices import PriceBook, Rates
from polyant_engine.gateway.providers import Providers
from polyant_engine.vault.model import Purpose, Sealed


class ManualClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class MemoryStore:
    """A `TurnStore` that remembers what was committed."""

    busy: int = 0  # how often `open` finds the conversation busy
    outages: int = 0  # how often `close` finds the database away
    loses_answers: bool = False  # an outage comes after the commit
    is_ours: bool = True
    provider: str | None = "main"
    endings: list[model.Ending] = field(default_factory=list)
    abandoned: int = 0

    async def open(self, request: model.Request) -> model.OpenedTurn:
        if self.busy > 0:
            self.busy -= 1
            raise errors.ConversationBusy
        agent = model.AgentView(
            id=uuid.uuid4(),
            slug=request.slug,
            provider=self.provider,
            model="demo",
            sections={"01-identity": "You are a test."},
            secret=None,
        )
        return model.OpenedTurn(
            id=uuid.uuid4(),
            attempt=1,
            conversation_id=uuid.uuid4(),
            agent=agent,
            admission=model.Admission.KEY,
            history=list(request.earlier),
        )

    async def close(self, turn: model.OpenedTurn, ending: model.Ending) -> bool:
        del turn
        if self.outages > 0:
            self.outages -= 1
            if self.loses_answers:
                self.endings.append(ending)
                self.is_ours = False
            raise DatabaseUnavailable
        if self.is_ours:
            self.endings.append(ending)
        return self.is_ours

    async def has_ended(self, turn: model.OpenedTurn, ending: model.Ending) -> bool:
        del turn
        return ending in self.endings

    async def renew(self, turns: Mapping[uuid.UUID, int]) -> set[uuid.UUID]:
        return set(turns) if self.is_ours else set()

    async def abandon_expired(self) -> int:
        self.abandoned += 1
        return 0


@dataclass
class ScriptedModel:
    """A `ChatModel` that says given deltas; a number waits seconds, None waits for ever."""

    says: Sequence[gateway.Delta | Exception | float | None]
    asked: list[gateway.ChatRequest] = field(default_factory=list)
    closed: bool = False

    async def chat(
        self, target: gateway.Target, request: gateway.ChatRequest
    ) -> AsyncGenerator[gateway.Delta]:
        del target
        self.asked.append(request)
        try:
            for item in self.says:
                if item is None:
                    await asyncio.Event().wait()
                elif isinstance(item, int | float):
                    await asyncio.sleep(item)
                elif isinstance(item, Exception):
                    raise item
                else:
                    yield item
        finally:
            self.closed = True


class ListLog(list[CallRecord]):
    """A `CallLog` that is a list."""


@dataclass
class SlowKeeper:
    """A `Keeper` that takes its time."""

    seconds: float
    kept: list[gateway.Image] = field(default_factory=list)

    async def keep(
        self, agent_id: uuid.UUID, turn_id: uuid.UUID, images: Sequence[gateway.Image]
    ) -> None:
        del agent_id, turn_id
        await asyncio.sleep(self.seconds)
        self.kept.extend(images)


class NoSecrets:
    """Opens nothing."""

    def open(self, purpose: Purpose, row_id: uuid.UUID, sealed: Sealed) -> str:
        raise AssertionError(f"{purpose} {row_id} {sealed.key_id} should not be opened")


def turns_of(
    store: MemoryStore,
    says: ScriptedModel,
    rates: Rates | None = None,
    registry: CollectorRegistry | None = None,
    keeper: Keeper | None = None,
) -> tuple[Turns, ListLog]:
    """Build turns over doubles."""

    async def find(_: str, __: str) -> Rates | None:
        return rates

    log = ListLog()
    installed = [InstallationModel(name="main", base_url="http://model/v1", api_key="sk-test")]
    turns = Turns(
        Dependencies(
            store=store,
            chat_model=says,
            providers=Providers(installed),
            prices=PriceBook(find),
            secrets=NoSecrets(),
            call_log=log,
            metrics=TurnMetrics(registry or CollectorRegistry()),
            clock=ManualClock(),
            timezone="UTC",
            keeper=keeper,
        )
    )
    return turns, log


def a_request(*, stream: bool = False, images: Sequence[gateway.Image] = ()) -> model.Request:
    """Return a request for a turn."""
    return model.Request(
        slug="helper",
        caller=model.Caller(),
        chat_id=None,
        text="question",
        images=images,
        earlier=(),
        instructions=(),
        sampling=gateway.Sampling(),
        stream=stream,
    )
