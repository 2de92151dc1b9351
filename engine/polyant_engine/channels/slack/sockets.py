"""Socket Mode: two sockets, so that one is open while the vendor renews the other.

    dial -> hello -> envelopes -> told to leave -> the next one is dialled, this one still read
                                                -> closed by the vendor, or by us

An envelope is acknowledged once its event is stored, never before. One that is not acknowledged
comes again: at once, after one minute and after five, then never. So what cannot be stored now is
kept and tried until it can, and the vendor's tries find it known.

The vendor gives each event to one of all sockets of an app. A program elsewhere that uses the same
token takes a part of the messages; the number of connections in a `hello` tells of it.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from polyant_engine.channels.model import Account, Inbound, Live, LiveState
from polyant_engine.channels.ports import InboxFull, Intake
from polyant_engine.channels.slack.api import Limited, NotUnderstood, Refused, WebApiError
from polyant_engine.channels.slack.configuration import Configuration
from polyant_engine.channels.slack.connection import Connection
from polyant_engine.channels.slack.reading import Self, read
from polyant_engine.channels.telegram.polling import Backoff
from polyant_engine.core import errors
from polyant_engine.core.clock import Clock

LINES = 2
# Sockets that were opened together are renewed together.
APART_SECONDS = 2.0
HELLO_SECONDS = 30.0
# So long a socket is read that was told to leave; the vendor closes it after ten seconds.
LINGER_SECONDS = 15.0
# A socket that ends sooner is trouble, one that ends later is the vendor's routine.
YOUNG_SECONDS = 10.0
TROUBLE_SECONDS = (1.0, 60.0)
BLOCKED_SECONDS = (30.0, 300.0)
STORE_SECONDS = (0.5, 15.0)
# What a process that died left open is gone by then; what is still there is somebody else's.
LOOK_AGAIN_SECONDS = 60.0
FOREIGN_SECONDS = 300.0
MOST_WAITING = 500
LARGEST_BATCH = 100

OTHER_PROGRAM = (
    "Another program is connected with this app-level token and gets a part of the messages: "
    "stop it, or make an app of its own for one of the two."
)
SWITCHED_OFF = "Socket Mode is switched off for this app: switch it on at api.slack.com/apps."
TOO_MANY = (
    "All ten connections of this app are in use: stop other programs that use its app-level token."
)
CLOSED = "Slack closed the connection at once."
NO_HELLO = "Slack opened a connection and said nothing."
FULL = "Too many messages wait to be answered."

BLOCKED: Mapping[str, str] = {"link_disabled": SWITCHED_OFF, "too_many_websockets": TOO_MANY}

_LOG = logging.getLogger(__name__)

Dial = Callable[[], AbstractAsyncContextManager[Connection]]


@dataclass(frozen=True)
class _End:
    """Why a socket is not counted on any more; without a reason it is routine."""

    reason: str = ""
    error: WebApiError | None = None


@dataclass(eq=False)
class _Socket:
    """One connection, from the dial to its end."""

    line: "_Line"
    left: "asyncio.Future[_End]"
    hello_at: float | None = None
    limit: asyncio.Timeout | None = None

    def leave(self, end: _End, linger: float = LINGER_SECONDS) -> None:
        """Let the next one be dialled, while this one is read on for a while."""
        if not self.left.done():
            self.left.set_result(end)
        if self.limit is not None:
            self.limit.reschedule(asyncio.get_running_loop().time() + linger)


@dataclass(eq=False)
class _Line:
    """One of the two: always a socket, or the way to the next."""

    backoff: Backoff
    up: set[_Socket] = field(default_factory=set)
    problem: Live | None = None


@dataclass(frozen=True)
class _Envelope:
    id: str
    payload: Mapping[str, Any]
    connection: Connection


@dataclass(kw_only=True)
class SocketMode:
    """Receives for one account; `run` ends only by raising `Refused`: a token does not count."""

    dial: Dial
    account: Account
    configuration: Configuration
    me: Self
    intake: Intake
    clock: Clock
    tell: Callable[[Live], None]
    random: Random = field(default_factory=Random)

    def __post_init__(self) -> None:
        self._lines = tuple(_Line(Backoff(self.random)) for _ in range(LINES))
        self._storing = Backoff(self.random)
        self._trouble: Live | None = None  # with storing
        self._is_full = False  # no more can be kept until something is stored
        self._foreign = 0  # hellos in a row that counted somebody else's connections
        self._open: set[_Socket] = set()
        self._waiting: asyncio.Queue[_Envelope] = asyncio.Queue(MOST_WAITING)

    async def run(self) -> None:
        """Keep both lines and store what comes."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep())
                for number, line in enumerate(self._lines):
                    group.create_task(self._hold(line, number * APART_SECONDS, group))
        except* Refused as refused:
            raise _first(refused) from None

    async def _hold(self, line: _Line, delay: float, group: asyncio.TaskGroup) -> None:
        await asyncio.sleep(delay)
        while True:
            loop = asyncio.get_running_loop()
            socket = _Socket(line, loop.create_future())
            group.create_task(self._read(socket))
            end = await socket.left
            if isinstance(end.error, Refused) and end.error.is_token:
                raise end.error
            age = 0.0 if socket.hello_at is None else loop.time() - socket.hello_at
            await self._pause(line, end, is_young=age < YOUNG_SECONDS)

    async def _pause(self, line: _Line, end: _End, *, is_young: bool) -> None:
        """Wait before the next dial, unless it is routine."""
        if not is_young and not end.reason:
            line.backoff.tries = 0
            return
        steps = BLOCKED_SECONDS if end.reason in BLOCKED.values() else TROUBLE_SECONDS
        seconds = line.backoff.next(*steps)
        if isinstance(end.error, Limited):
            seconds = max(seconds, end.error.seconds)
        line.problem = self._degraded(end.reason or CLOSED, seconds)
        self._report()
        await asyncio.sleep(seconds)

    async def _read(self, socket: _Socket) -> None:
        end = _End()
        try:
            async with self.dial() as connection, asyncio.timeout(HELLO_SECONDS) as socket.limit:
                self._open.add(socket)
                while (message := await connection.receive()) is not None:
                    await self._take(socket, connection, message)
        except TimeoutError:
            end = _End() if socket.hello_at is not None else _End(NO_HELLO)
        except WebApiError as failed:
            end = _End(str(failed), failed)
        except Exception as failed:  # noqa: BLE001  nobody would see a socket that ended silently
            _LOG.exception("socket", extra={"channel": str(self.account.id)})
            error = NotUnderstood(f"Internal error: {type(failed).__name__}.")
            end = _End(str(error), error)
        finally:
            socket.limit = None
            self._open.discard(socket)
            socket.line.up.discard(socket)
        socket.leave(end)
        self._report()

    async def _take(
        self, socket: _Socket, connection: Connection, message: Mapping[str, Any]
    ) -> None:
        kind, envelope = message.get("type"), message.get("envelope_id")
        if kind == "hello":
            self._greet(socket, message)
        elif kind == "disconnect":
            socket.leave(_End(BLOCKED.get(str(message.get("reason")), "")))
        elif isinstance(envelope, str) and envelope:
            await self._accept(envelope, message, connection)

    async def _accept(
        self, envelope: str, message: Mapping[str, Any], connection: Connection
    ) -> None:
        payload = message.get("payload")
        if message.get("type") != "events_api" or not isinstance(payload, dict):
            # A button, a command: nothing of ours, and the person must not see an error.
            await connection.acknowledge(envelope)
            return
        try:
            self._waiting.put_nowait(_Envelope(envelope, payload, connection))
        except asyncio.QueueFull:
            if not self._is_full:
                self._is_full = True
                known = {"channel": str(self.account.id)}
                _LOG.warning("events are left to the vendor's next try", extra=known)

    def _greet(self, socket: _Socket, message: Mapping[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        socket.hello_at = loop.time()
        socket.line.up.add(socket)
        socket.line.problem = None
        if socket.limit is not None and not socket.left.done():
            socket.limit.reschedule(None)
        counted = message.get("num_connections")
        is_foreign = isinstance(counted, int) and counted > len(self._open)
        self._foreign = self._foreign + 1 if is_foreign else 0
        if is_foreign:
            again = LOOK_AGAIN_SECONDS if self._foreign == 1 else FOREIGN_SECONDS
            loop.call_later(again, socket.leave, _End())  # the next hello counts anew
        self._report()

    async def _keep(self) -> None:
        """Store what waits, and acknowledge it."""
        while True:
            batch = [await self._waiting.get()]
            while not self._waiting.empty() and len(batch) < LARGEST_BATCH:
                batch.append(self._waiting.get_nowait())
            events = [read(each.payload, self.configuration, self.me) for each in batch]
            while not await self._stored(events):
                pass
            for each in batch:
                await each.connection.acknowledge(each.id)

    async def _stored(self, events: Sequence[Inbound]) -> bool:
        """Store events, or wait before they are tried again."""
        try:
            await self.intake.store(self.account, events)
        except InboxFull as full:
            await self._wait(FULL, full.seconds)
        except errors.PolyantError as failed:
            await self._wait(failed.message, self._storing.next(*STORE_SECONDS))
        except Exception as failed:  # noqa: BLE001  nobody would see events that nobody stores
            _LOG.exception("events", extra={"channel": str(self.account.id)})
            reason = f"Internal error: {type(failed).__name__}."
            await self._wait(reason, self._storing.next(*STORE_SECONDS))
        else:
            self._storing.tries, self._is_full = 0, False
            if self._trouble is not None:
                self._trouble = None
                self._report()
            return True
        return False

    async def _wait(self, reason: str, seconds: float) -> None:
        self._trouble = self._degraded(reason, seconds)
        self._report()
        await asyncio.sleep(seconds)

    def _degraded(self, reason: str, seconds: float) -> Live:
        until = self.clock.now() + timedelta(seconds=seconds)
        return Live(state=LiveState.DEGRADED, reason=reason, next_try=until)

    def _report(self) -> None:
        if (live := self._live()) is not None:
            self.tell(live)

    def _live(self) -> Live | None:
        """Return how receiving is; nothing while the first socket is being dialled."""
        if self._trouble is not None:
            return self._trouble
        is_up = any(line.up for line in self._lines)
        # One line's single failure is not worth a word while the other one works.
        told = [line.problem for line in self._lines if line.problem]
        lasting = [line for line in self._lines if line.problem and line.backoff.tries > 1]
        if told and (lasting or not is_up):
            return told[0]
        if self._foreign > 1:
            return Live(state=LiveState.DEGRADED, reason=OTHER_PROGRAM)
        return Live(state=LiveState.RUNNING) if is_up else None


def _first(group: BaseExceptionGroup[Refused]) -> Refused:
    found = group.exceptions[0]
    return found if isinstance(found, Refused) else _first(found)
