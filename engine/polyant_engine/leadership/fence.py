"""The fence: no write of an old term is committed after a newer promotion is.

A leader-only write is a `Guarded` statement, run with the `Term` of a promotion. There is no other
way: a body is kept in a feature's `guarded.sql`, which only this module reads, this module puts the
guard around it, `Fence` runs nothing else and wants a `Term`, and a `Term` is made by a promotion
(`leadership.terms`, which an import contract keeps from every other feature).

    WITH guard AS MATERIALIZED (SELECT FROM fence WHERE epoch = $1 AND term = $2 FOR SHARE),
    work AS (UPDATE ... FROM guard ... RETURNING ...)
    SELECT ... FROM guard LEFT JOIN work ON true

Claim. Once the promotion to (e', t') is committed, no guarded statement of another (e, t) commits a
change. Proof. Let G be a guarded statement of (e, t), in a transaction of its own, and P the
promotion; P changes the row `fence`, so that it matches (e', t') and not (e, t).
1. Every change of G needs a row of `guard` (by its form, checked in the plans by a test), so G has
   locked, FOR SHARE, a version of the row that matched (e, t), and keeps the lock to its end.
2. P's UPDATE needs a lock on the newest version of the row that conflicts with FOR SHARE.
3. If G got its lock first, P waits for the end of G: G is committed before P.
4. If P got its lock first, G waits for the end of P. If P commits, READ COMMITTED looks at the
   newest version, which does not match: `guard` is empty and G changes nothing. If P is rolled
   back, there was no promotion.
5. If P was committed before G looked, either G's snapshot shows the new version, or the version it
   shows is no longer the newest and 4 applies. A stricter isolation raises an error instead.
No clock, no lease and nothing about the network is used. A transaction that was open when its
client froze or vanished is either committed by the server, and then 3 holds, or never is. After a
fail-over of the database that lost commits, t' is random, so an epoch used twice matches nobody.

The plain read and FOR KEY SHARE do not conflict with P's UPDATE, so 2 is false for them. The table
lock of the promotion is for speed alone: the proof does not use it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, final

from polyant_engine.core.database import Executor, Record
from polyant_engine.core.queries import load_queries, parse_queries
from polyant_engine.leadership.terms import LeadershipLost, Term

__all__ = ["Fence", "Guarded", "LeadershipLost", "Term", "load_guarded", "parse_guarded"]

GUARDED_FILE = "guarded.sql"
OWN_PARAMETERS = 2  # $1 is the epoch, $2 the term; a body counts its own from $3

_SQL = load_queries("polyant_engine.leadership")
_USES_GUARD = re.compile(r"\bguard\b")
_CHANGES = re.compile(r"^\s*(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_RETURNS = re.compile(r"\bRETURNING\b", re.IGNORECASE)
_MINT = object()


@final
class Guarded:
    """One leader-only statement: a body of a feature's `guarded.sql` with the guard around it."""

    __slots__ = ("name", "sql")

    def __init__(self, mint: object, name: str, sql: str) -> None:
        if mint is not _MINT:
            raise TypeError("A guarded statement comes from `load_guarded`.")
        self.name = name
        self.sql = sql


def load_guarded(package: str) -> Mapping[str, Guarded]:
    """Read the leader-only statements of a feature."""
    text = resources.files(package).joinpath(GUARDED_FILE).read_text(encoding="utf-8")
    return parse_guarded(package, text)


def parse_guarded(source: str, text: str) -> Mapping[str, Guarded]:
    """Put the guard around every body of a file; one that does not fit is an error."""
    bodies = parse_queries(f"{source}/{GUARDED_FILE}", text)
    return {name: Guarded(_MINT, name, _guard(name, body)) for name, body in bodies.items()}


def _guard(name: str, body: str) -> str:
    plain = re.sub(r"--.*", "", body).strip()
    if not _CHANGES.match(plain):
        raise ValueError(f"guarded statement {name}: begin with INSERT, UPDATE or DELETE.")
    if not _USES_GUARD.search(plain):
        raise ValueError(f"guarded statement {name}: take rows FROM guard, or it guards nothing.")
    if not _RETURNS.search(plain):
        raise ValueError(f"guarded statement {name}: end with RETURNING.")
    return _SQL["guard"].replace("{body}", plain)


@dataclass(frozen=True, kw_only=True)
class Fence:
    """Runs guarded statements, and nothing else, on the leader's own connections."""

    database: Executor = field(repr=False)
    on_lost: Callable[[Term], None] = Term.end  # hears of a refusal, for the elector

    async def run(self, statement: Guarded, term: Term, *args: Any) -> list[Record]:
        """Run one and return its rows; `LeadershipLost` when the term is over, nothing written."""
        if term.is_over:
            raise LeadershipLost(term.epoch)
        rows = await self.database.fetch(statement.sql, term.epoch, term.id, *args)
        if not rows:
            term.end()
            self.on_lost(term)
            raise LeadershipLost(term.epoch)
        return [row for row in rows if row["is_row"]]

    async def beat(self, term: Term) -> None:
        """Prove that this term can still write."""
        await self.run(HEARTBEAT, term)


HEARTBEAT = load_guarded("polyant_engine.leadership")["beat"]
