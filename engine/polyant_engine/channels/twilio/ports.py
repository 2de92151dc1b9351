"""What is remembered beside messages: contacts, and how far messages came."""

import uuid
from dataclasses import dataclass
from typing import Protocol

from polyant_engine.channels.model import Account, Kind
from polyant_engine.channels.twilio.statuses import Status
from polyant_engine.channels.twilio.words import Word


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How a contact stands to us."""

    is_opted_out: bool = False
    is_heard: bool = False  # within the last 24 hours
    last_message: str | None = None  # the vendor's id


class Contacts(Protocol):
    """Who writes to our numbers."""

    async def hear(self, account: Account, chat: str, sid: str, word: Word) -> bool:
        """Note that somebody wrote, and the word it was; tell whether they are opted out now.

        What was stored in the inbox before changes nothing: a replay of STOP is no STOP.
        """
        ...

    async def standing(self, account: Account, chat: str) -> Standing:
        """Return how somebody stands to us."""
        ...

    async def opt_out(self, account: Account, chat: str) -> None:
        """Note that the vendor knows somebody as opted out."""
        ...


class Deliveries(Protocol):
    """How far sent messages came."""

    async def tell(self, channel_id: uuid.UUID, part_id: uuid.UUID, status: Status) -> bool:
        """Note a status of one of our parts; tell whether it was news."""
        ...


class Accounts(Protocol):
    """The channels that are switched on, with their secrets opened."""

    async def of_agent(self, slug: str, kind: Kind) -> Account | None:
        """Return the channel of an agent."""
        ...

    async def by_id(self, channel_id: uuid.UUID) -> Account | None:
        """Return a channel."""
        ...
