"""A bot: token, queue, poller, webhook."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from support.vendors.telegram.updates import UpdateQueue

# Not sent unless they are asked for by name.
_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass
class Poll:
    """A getUpdates that waits; `end` gets None to look again, or the description of a 409."""

    offset: int
    end: "asyncio.Future[str | None]"


@dataclass(frozen=True)
class Webhook:
    """Where updates are sent instead."""

    url: str
    secret: str
    connections: int = 40


@dataclass
class Bot:
    """Everything the vendor knows about one bot."""

    id: int
    token: str
    username: str
    name: str
    has_privacy: bool
    queue: UpdateQueue
    is_revoked: bool = False
    allowed: frozenset[str] = frozenset()
    poll: Poll | None = None
    polls: int = 0  # how often somebody began to wait
    next_conflict: float = 0
    webhook: Webhook | None = None
    webhook_error: tuple[float, str] | None = None
    blocked_by: set[int] = field(default_factory=set)

    @property
    def user(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "is_bot": True,
            "first_name": self.name,
            "username": self.username,
        }

    @property
    def me(self) -> dict[str, Any]:
        """What getMe says."""
        return {
            **self.user,
            "can_join_groups": True,
            "can_read_all_group_messages": not self.has_privacy,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }

    def wants(self, kind: str) -> bool:
        return kind in self.allowed if self.allowed else kind not in _ON_REQUEST

    def wake(self, conflict: str | None = None) -> None:
        """End the waiting poll: to look again, or with a conflict."""
        if self.poll is not None and not self.poll.end.done():
            self.poll.end.set_result(conflict)
        self.poll = None
