"""Channels and their messages."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["channel", "group", "im"]


@dataclass
class Channel:
    """A public or private channel, or a direct message."""

    id: str
    kind: Kind
    name: str = ""
    members: set[str] = field(default_factory=set)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_archived: bool = False
    _last: float = 0

    def new_ts(self, now: float) -> str:
        """A time that is unique in the channel, which is what identifies a message."""
        self._last = max(round(now, 6), round(self._last + 1e-6, 6))
        return f"{self._last:.6f}"

    def thread(self, ts: str) -> list[dict[str, Any]]:
        """The parent and its replies, oldest first."""
        return [m for key, m in sorted(self.messages.items()) if ts in (key, m.get("thread_ts"))]

    def wire(self, user: str) -> dict[str, Any]:
        shown: dict[str, Any] = {"id": self.id, "is_archived": self.is_archived}
        if self.kind == "im":
            other = next((member for member in self.members if member != user), user)
            return {**shown, "is_im": True, "user": other}
        kinds = {"is_channel": self.kind == "channel", "is_group": self.kind == "group"}
        private = {"is_im": False, "is_private": self.kind == "group"}
        return {**shown, "name": self.name, **kinds, **private, "is_member": user in self.members}
