"""Terms, and the promotion that begins one.

An import contract lets only this feature and the composition root import this module: whoever holds
a `Term` got it from the election. The type is named again in `leadership.fence`, for everybody.
"""

import uuid
from dataclasses import dataclass, field
from typing import ClassVar, final

from polyant_engine.core.database import Executor
from polyant_engine.core.errors import Unavailable
from polyant_engine.core.queries import load_queries

_SQL = load_queries("polyant_engine.leadership")
_MINT = object()


class LeadershipLost(Unavailable):
    """This term is over: stop, write nothing more."""

    default_code: ClassVar[str | None] = "leadership_lost"

    def __init__(self, epoch: int) -> None:
        super().__init__(f"The leadership of epoch {epoch} is over.")
        self.epoch = epoch


@final
class Term:
    """The right to make leader-only writes, from one promotion; nobody else can make one."""

    __slots__ = ("_is_over", "epoch", "id")

    def __init__(self, mint: object, epoch: int, term_id: uuid.UUID) -> None:
        if mint is not _MINT:
            raise TypeError("A term is made by a promotion: see polyant_engine.leadership.terms.")
        self.epoch = epoch
        self.id = term_id
        self._is_over = False

    @property
    def is_over(self) -> bool:
        """Tell whether it is known to be over; that it is not known proves nothing."""
        return self._is_over

    def end(self) -> None:
        """Let no statement begin any more; may be called from any thread."""
        self._is_over = True


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """Begins terms, for one candidate."""

    database: Executor = field(repr=False)
    holder: str

    async def begin(self, lease_epoch: int, term_id: uuid.UUID) -> Term:
        """Begin a term above every epoch that the fence or the lease has seen."""
        epoch = await self.database.fetchval(_SQL["promote"], lease_epoch, term_id, self.holder)
        return Term(_MINT, epoch, term_id)
