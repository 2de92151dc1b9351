"""An inbox in memory, for adapters without a database."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from polyant_engine.channels.model import Account, Event, Inbound, Stored


@dataclass
class MemoryInbox:
    """Keeps events by their keys, as the real one does; `failures` are raised first."""

    first: int | None = None  # the stored offset
    events: dict[str, Inbound] = field(default_factory=dict)
    known: int = 0  # how often something was delivered again
    offsets: list[int | None] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    async def store(
        self,
        account: Account,  # noqa: ARG002  one inbox for each account here
        events: Sequence[Inbound],
        *,
        offset: int | None = None,
    ) -> Stored:
        if self.failures:
            raise self.failures.pop(0)
        new = {e.dedupe_key: e for e in events if e.dedupe_key not in self.events}
        self.events |= new
        self.known += len(events) - len(new)
        self.offsets.append(offset)
        return Stored(new=len(new), known=len(events) - len(new))

    async def offset(self, account: Account) -> int | None:  # noqa: ARG002  as above
        return self.offsets[-1] if self.offsets else self.first

    @property
    def messages(self) -> list[Inbound]:
        return [event for event in self.events.values() if event.event is Event.MESSAGE]

    async def heard(self, count: int = 1) -> list[Inbound]:
        """Wait for so many messages."""
        async with asyncio.timeout(15):
            while len(self.messages) < count:  # noqa: ASYNC110  the tests' one way to wait
                await asyncio.sleep(0.01)
        return self.messages
