"""Small real implementations of what the services of channels need, in memory."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from polyant_engine.channels.model import (
    Account,
    Address,
    Attachment,
    Content,
    Json,
    Kind,
    Live,
    LiveState,
    Outcome,
    Part,
    Sent,
)
from polyant_engine.channels.ports import Adapter, Intake, Permit, Renderer
from polyant_engine.channels.retrying import ClaimedPart, Mark, PartState
from polyant_engine.core import ids
from polyant_engine.core.errors import DatabaseUnavailable
from polyant_engine.leadership.fence import LeadershipLost, Term
from polyant_engine.leadership.terms import Promotion

CHANNEL = uuid.UUID(int=7)

Sending = Callable[[Part, Permit], Awaitable[Outcome]]


class OneValue:
    """An `Executor` that answers every question with one number, and no other call."""

    def __init__(self, value: int) -> None:
        self._value = value

    async def fetchval(self, query: str, *args: Any) -> Any:
        del query, args
        return self._value

    async def fetchrow(self, query: str, *args: Any) -> Any:
        raise AssertionError((query, args))

    async def fetch(self, query: str, *args: Any) -> Any:
        raise AssertionError((query, args))

    async def execute(self, query: str, *args: Any) -> Any:
        raise AssertionError((query, args))

    async def executemany(self, query: str, args: Any) -> Any:
        raise AssertionError((query, args))


async def a_term(epoch: int = 1) -> Term:
    """Return a term, as a promotion makes one."""
    return await Promotion(database=OneValue(epoch), holder="test").begin(0, uuid.uuid4())


def a_part(text: str = "hello", number: int = 1) -> Part:
    return Part(
        id=ids.new_id(),
        key=f"k:{number}",
        channel_id=CHANNEL,
        address=Address(chat=str(number)),
        content=Content(text=text),
        reply_to=None,
        attempt=1,
    )


@dataclass
class MemoryOutbox:
    """The outbox of one leader; every call may be made to fail."""

    parts: dict[uuid.UUID, Part] = field(default_factory=dict)
    states: dict[uuid.UUID, PartState] = field(default_factory=dict)
    outages: list[str] = field(default_factory=list)  # calls that find the database away, once each
    loses_claims: int = 0  # claims that are made, and their answer is lost
    is_lost: bool = False
    pauses: dict[uuid.UUID, float] = field(default_factory=dict)
    sent_again: list[bool] = field(default_factory=list)
    in_flight: list[set[uuid.UUID]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, *parts: Part) -> None:
        self.parts.update({part.id: part for part in parts})
        self.states.update({part.id: PartState.QUEUED for part in parts})

    def of(self, part: Part) -> PartState:
        return self.states[part.id]

    async def settle(
        self, term: Term, in_flight: Collection[uuid.UUID], *, is_sent_again: bool
    ) -> int:
        self._check(term, "settle")
        self.sent_again.append(is_sent_again)
        self.in_flight.append(set(in_flight))
        stranded = [
            part_id
            for part_id, state in self.states.items()
            if state is PartState.SENDING and part_id not in in_flight
        ]
        self.states.update(dict.fromkeys(stranded, PartState.QUEUED))
        return len(stranded)

    async def claim(
        self, term: Term, channels: Collection[uuid.UUID], limit: int
    ) -> list[ClaimedPart]:
        self._check(term, "claim")
        found = [
            part
            for part in self.parts.values()
            if self.states[part.id] is PartState.QUEUED and part.channel_id in channels
        ][:limit]
        self.states.update({part.id: PartState.SENDING for part in found})
        if found and self.loses_claims > 0:
            self.loses_claims -= 1
            raise DatabaseUnavailable
        return [ClaimedPart(part=part, failures=0, age=0.0) for part in found]

    async def mark(self, term: Term, marks: Sequence[Mark]) -> int:
        self._check(term, "mark")
        self.states.update({mark.id: mark.state for mark in marks})
        self.changed.set()
        return len(marks)

    async def pause(self, term: Term, channel_id: uuid.UUID, seconds: float, reason: str) -> None:
        del reason
        self._check(term, "pause")
        self.pauses[channel_id] = seconds

    def _check(self, term: Term, call: str) -> None:
        if self.is_lost:
            raise LeadershipLost(term.epoch)
        if call in self.outages:
            self.outages.remove(call)
            raise DatabaseUnavailable


async def delivered(part: Part, permit: Permit) -> Outcome:
    """Send like a vendor in a good mood."""
    permit.check()
    return Sent(f"x{part.key}")


@dataclass
class ScriptedAdapter:
    """An `Adapter` that does what it is told."""

    sending: Sending = delivered
    live: Live = field(default_factory=partial(Live, state=LiveState.RUNNING))
    sent: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    stops: bool = True

    async def start(self, term: Term) -> None:
        del term
        self.calls.append("start")

    async def stop(self) -> None:
        self.calls.append("stop")
        if not self.stops:
            raise RuntimeError("still polling")

    async def send(self, part: Part, permit: Permit) -> Outcome:
        outcome = await self.sending(part, permit)
        self.sent.append(part.content.text)
        return outcome

    async def typing(self, address: Address) -> None:
        self.calls.append(f"typing {address.chat}")


class PlainRenderer:
    """One part for each paragraph."""

    def render(self, markdown: str, chat: str = "") -> Sequence[Content]:  # noqa: ARG002  all places are alike
        return [Content(text=piece) for piece in markdown.split("\n\n") if piece]


@dataclass
class ScriptedVendor:
    """A `Vendor` whose adapters are kept to be looked at."""

    kind: Kind = Kind.TELEGRAM
    renderer: Renderer = field(default_factory=PlainRenderer)
    made: list[ScriptedAdapter] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)  # accounts that no adapter can be built for
    sending: Sending = delivered

    def account_name(self, settings: Json, secrets: Mapping[str, str]) -> str:
        del settings
        return secrets["name"]

    def preload(self) -> None:
        """Import nothing."""

    def make(self, account: Account, intake: Intake) -> Adapter:
        del intake
        if account.name in self.broken:
            raise ValueError(account.name)
        adapter = ScriptedAdapter(self.sending)
        self.made.append(adapter)
        return adapter

    async def fetch(self, account: Account, attachment: Attachment, limit: int) -> bytes | None:
        raise AssertionError(f"{account.name} {attachment.reference} {limit} is not asked for")


@dataclass
class MemoryAccounts:
    """Configured channels that a test changes."""

    accounts: list[Account] = field(default_factory=list)

    async def versions(self) -> dict[uuid.UUID, int]:
        return {account.id: account.version for account in self.accounts}

    async def all(self) -> list[Account]:
        return list(self.accounts)


@dataclass
class MemoryStates:
    """Live states as they were told."""

    told: list[dict[uuid.UUID, Live]] = field(default_factory=list)

    async def tell_states(self, term: Term, states: Mapping[uuid.UUID, Live]) -> None:
        del term
        self.told.append(dict(states))


def an_account(number: int = 1, version: int = 1, name: str = "7") -> Account:
    return Account(
        id=uuid.UUID(int=number),
        agent_id=uuid.UUID(int=99),
        kind=Kind.TELEGRAM,
        name=name,
        version=version,
    )


async def until(holds: Callable[[], Any]) -> None:
    """Let everything else go on until something holds."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110  what is looked at has no event
            await asyncio.sleep(0.001)
