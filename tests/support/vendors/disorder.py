"""What networks between a vendor and its customers do to events: say them twice, or out of order."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class Disorder(Generic[T]):
    """Armed by tests; lets everything through as it is until then."""

    doubles: int = 0  # so many of the next are said twice
    swaps: int = 0  # so many of the next change places with their successors
    _held: list[T] = field(default_factory=list)

    def arm(self, doubles: int = 0, swaps: int = 0) -> None:
        self.doubles, self.swaps = doubles, swaps

    def passed(self, item: T) -> list[T]:
        """Give what goes out now."""
        if self.swaps and not self._held:
            self.swaps -= 1
            self._held.append(item)
            return []
        out = [item, *self._held]
        self._held.clear()
        if self.doubles:
            self.doubles -= 1
            out.insert(0, item)
        return out
