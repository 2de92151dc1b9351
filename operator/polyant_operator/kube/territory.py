"""What an operator serves, as it is written on its Lease for other operators to read."""

import json
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Territory:
    """The instances of some namespaces, or of all, that have one shard's label."""

    # Empty = all.
    namespaces: tuple[str, ...] = ()
    shard: str = ""

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read what `text` wrote; None when it says nothing that is understood."""
        try:
            said = json.loads(text)
            return cls(namespaces=tuple(said["namespaces"]), shard=str(said["shard"]))
        except (ValueError, KeyError, TypeError):
            return None

    def text(self) -> str:
        """Write it in one line."""
        return json.dumps({"namespaces": list(self.namespaces), "shard": self.shard})

    def overlaps(self, other: "Territory") -> bool:
        """Whether there may be an instance that both serve."""
        if self.shard != other.shard:
            return False
        if not self.namespaces or not other.namespaces:
            return True
        return not set(self.namespaces).isdisjoint(other.namespaces)
