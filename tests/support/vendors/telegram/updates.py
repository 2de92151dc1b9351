"""The queue of a bot's updates, as the vendor's own server keeps it.

Rules are those of `TQueue` and `Client::do_get_updates` in tdlib's telegram-bot-api: asking from an
offset forgets everything before it; an offset far beyond the newest update is not believed and
everything kept is given.
"""

import random
from collections import deque
from dataclasses import dataclass, field
from typing import Any

KEPT_SECONDS = 24 * 3600
IDLE_SECONDS = 7 * 24 * 3600
# An offset further than this beyond the next id "is in the future" and is read as the oldest kept.
BELIEVED_AHEAD = 10
_REMEMBERED = 1000


@dataclass(frozen=True)
class Update:
    """One update; `lane` keeps the order of a webhook's deliveries."""

    id: int
    kind: str
    body: dict[str, Any]
    expires: float
    lane: int

    def wire(self) -> dict[str, Any]:
        return {"update_id": self.id, self.kind: self.body}


@dataclass
class UpdateQueue:
    """Updates that wait to be confirmed."""

    random: random.Random
    next_id: int = 0
    created: float = 0
    waiting: deque[Update] = field(default_factory=deque)
    confirmed: deque[Update] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def add(self, kind: str, body: dict[str, Any], lane: int, now: float) -> Update:
        """Add an update; after an idle week the ids begin anew, lower than before."""
        if not self.next_id:
            self.next_id = self.random.randint(10**8, 9 * 10**8)
        elif now - self.created >= IDLE_SECONDS:
            self.next_id = self.random.randint(1, self.next_id - 2 * BELIEVED_AHEAD)
        lifetime = 150 if kind == "callback_query" else KEPT_SECONDS
        update = Update(self.next_id, kind, body, now + lifetime, lane)
        self.next_id, self.created = self.next_id + 1, now
        self.waiting.append(update)
        return update

    def from_offset(self, offset: int, limit: int, now: float) -> tuple[list[Update], list[Update]]:
        """Confirm what is before the offset; give what is from there on, and what was confirmed."""
        self._expire(now)
        first = self._believed(offset)
        done = [update for update in self.waiting if update.id < first]
        self.confirm(done)
        return list(self.waiting)[:limit], done

    def confirm(self, updates: list[Update]) -> None:
        """Forget updates; they stay known for a redelivery that the vendor should not make."""
        gone = {id(update) for update in updates}
        self.waiting = deque(update for update in self.waiting if id(update) not in gone)
        self.confirmed.extend(updates)

    def bring_back(self, count: int) -> list[Update]:
        """Put the last confirmed updates before the others, as after a vendor's lost confirmation."""
        back = [self.confirmed.pop() for _ in range(min(count, len(self.confirmed)))][::-1]
        self.waiting.extendleft(reversed(back))
        return back

    def clear(self) -> None:
        """Drop what waits."""
        self.waiting.clear()

    def count(self, now: float) -> int:
        self._expire(now)
        return len(self.waiting)

    def _expire(self, now: float) -> None:
        self.waiting = deque(update for update in self.waiting if update.expires > now)

    def _believed(self, offset: int) -> int:
        if offset < 0:  # counted from the end
            return self.next_id + offset
        if offset > self.next_id + BELIEVED_AHEAD:
            return 0
        return offset
