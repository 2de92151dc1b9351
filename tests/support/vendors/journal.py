"""Everything a simulator received and sent, in order, with monotonic times: what an oracle reads.

Directions: `in` (a call or an acknowledgement arrived), `out` (an answer or an event left), `fact`
(something became true at the vendor: a message exists, an update is confirmed). A call and its
answer share an `exchange`.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

Direction: TypeAlias = Literal["in", "out", "fact"]


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    number: int
    at: float  # CLOCK_MONOTONIC of the machine
    direction: Direction
    operation: str
    account: str
    exchange: int
    data: dict[str, Any] = field(default_factory=dict)


class Journal:
    """Grows only. With a file, each entry is a line of JSON in it before anything else happens."""

    def __init__(self, file: Path | None = None) -> None:
        self._entries: list[Entry] = []
        self._exchange = 0
        self._grown = asyncio.Event()
        self._file = file.open("a", buffering=1) if file else None

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def new_exchange(self) -> int:
        """Number a call and its answer."""
        self._exchange += 1
        return self._exchange

    def add(
        self,
        direction: Direction,
        operation: str,
        account: str = "",
        exchange: int = 0,
        **data: Any,
    ) -> Entry:
        number, at = len(self._entries) + 1, time.monotonic()
        entry = Entry(number, at, direction, operation, account, exchange, data)
        self._entries.append(entry)
        if self._file:
            self._file.write(json.dumps(asdict(entry), default=str) + "\n")
        self._grown.set()
        self._grown = asyncio.Event()
        return entry

    def find(
        self,
        operation: str = "",
        *,
        direction: Direction | None = None,
        account: str = "",
        since: int = 0,
    ) -> list[Entry]:
        """Entries that fit, oldest first; `since` is the number of the last one already seen."""
        return [
            entry
            for entry in self._entries[since:]
            if operation in ("", entry.operation)
            and direction in (None, entry.direction)
            and account in ("", entry.account)
        ]

    def answer_to(self, call: Entry) -> Entry | None:
        """What was answered to a call, if anything was."""
        later = self._entries[call.number :]
        return next(
            (e for e in later if e.exchange == call.exchange and e.direction == "out"), None
        )

    async def wait_for(self, fits: Callable[[Entry], bool], timeout: float = 10) -> Entry:  # noqa: ASYNC109 -- the tests' one way to wait
        """Wait for an entry that fits, also one of the past."""
        async with asyncio.timeout(timeout):
            seen = 0
            while True:
                grown, fresh = self._grown, self._entries[seen:]
                if found := next(filter(fits, fresh), None):
                    return found
                seen += len(fresh)
                await grown.wait()

    async def grown(self) -> None:
        """Wait for the next entry."""
        await self._grown.wait()

    def close(self) -> None:
        if self._file:
            self._file.close()
