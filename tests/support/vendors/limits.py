"""Rate limits: at most so many in any window of so many vendor seconds."""

from collections import defaultdict, deque
from dataclasses import dataclass, field


@dataclass
class Limit:
    """A sliding window per key; refused calls do not count."""

    count: int
    seconds: float
    _taken: "defaultdict[object, deque[float]]" = field(default_factory=lambda: defaultdict(deque))

    def wait(self, key: object, now: float) -> float:
        """Give the seconds until a call would be let through; 0 = now."""
        taken = self._taken[key]
        while taken and taken[0] <= now - self.seconds:
            taken.popleft()
        return 0 if len(taken) < self.count else taken[0] + self.seconds - now

    def take(self, key: object, now: float) -> None:
        """Count a call."""
        self._taken[key].append(now)
