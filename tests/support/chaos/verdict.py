"""What an oracle says: which promise was broken, by what, with the whole history of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from typing_extensions import override


class Promise(StrEnum):
    """The promises, one by one; the report shows these sentences."""

    STORED = "a message that was acknowledged to its vendor is stored, once"
    ANSWERED = "a stored message is answered by one committed turn, or dead by a documented rule"
    SENT_ONCE = "a part is sent at most once, unless the policy says otherwise"
    HONEST = "what the outbox says of a part is so; doubt is said to be doubt"
    ORDER = "the messages of a conversation keep their order, in and out"
    FENCED = "no write of an old term is committed after a newer promotion"
    PERMITTED = "nothing is sent later than two seconds after its claim, nor by somebody else"
    ONE_POLLER = "two pollers of one bot never last longer than one request"
    SETTLED = "nothing stays open once everything is well"


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One broken promise."""

    promise: Promise
    what: str
    history: Sequence[str] = ()

    @override
    def __str__(self) -> str:
        lines = [f"{self.promise.name}: {self.what}", *(f"    {line}" for line in self.history)]
        return "\n".join(lines)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All that was broken, and what was looked at."""

    violations: Sequence[Violation]
    counts: dict[str, int]

    @property
    def broken(self) -> frozenset[Promise]:
        return frozenset(each.promise for each in self.violations)

    @override
    def __str__(self) -> str:
        looked = ", ".join(f"{number} {name}" for name, number in self.counts.items())
        found = [str(each) for each in self.violations]
        return "\n".join([f"{len(found)} violations; {looked}", *found])
