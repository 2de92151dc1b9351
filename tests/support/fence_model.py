"""A model of PostgreSQL's row and table locks, and the search of every interleaving on it.

Two things are modelled as PostgreSQL does them. Row locks: FOR SHARE conflicts with an UPDATE, FOR KEY
SHARE (of an UPDATE that changes no key) and a plain read do not; who waits reads the newest
committed version afterwards, and gives up when it does not match. Table locks: EXCLUSIVE waits for
every locking read and makes later ones wait, and no plain read. Every session may stand still for ever
at any step (a frozen process is one that is not chosen), and be rolled back at any step (a crash).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum


class Guard(StrEnum):
    """How a guarded statement reads the fence."""

    SHARE = "FOR SHARE"
    KEY_SHARE = "FOR KEY SHARE"
    PLAIN = "a plain read"


class Step(StrEnum):
    """Where a session is."""

    IDLE = "idle"
    OPEN = "has begun"  # a writer: has a snapshot; a promoter: has the table
    HELD = "is past the guard"  # a promoter: has changed the row, uncommitted
    DONE = "ended"


@dataclass(frozen=True)
class Session:
    """A guarded write of an epoch, or the promotion above it."""

    is_promotion: bool
    epoch: int
    step: Step = Step.IDLE
    seen: int = 0  # the epoch in its snapshot
    has_written: bool = False


@dataclass(frozen=True)
class World:
    """The committed fence, and every session."""

    epoch: int
    sessions: tuple[Session, ...]
    broken: bool = False  # a write of an old epoch was committed after a newer promotion


@dataclass(frozen=True)
class Rules:
    """What is being tried."""

    guard: Guard
    has_table_lock: bool


def breaks(rules: Rules, start: World) -> bool:
    """Search every interleaving for one that commits a write of an old epoch too late."""
    seen, ahead = {start}, [start]
    while ahead:
        world = ahead.pop()
        if world.broken:
            return True
        for following in steps(rules, world):
            if following not in seen:
                seen.add(following)
                ahead.append(following)
    return False


def reachable(rules: Rules, start: World) -> set[World]:
    """Give every state there is, to ask about progress."""
    seen, ahead = {start}, [start]
    while ahead:
        for following in steps(rules, ahead.pop()):
            if following not in seen:
                seen.add(following)
                ahead.append(following)
    return seen


def steps(rules: Rules, world: World) -> Iterator[World]:
    """Give what may happen next: one step of any session that need not wait, or its rollback."""
    for place, session in enumerate(world.sessions):
        move = _promoter if session.is_promotion else _writer
        for epoch, moved, is_late in move(rules, world, session):
            sessions = (*world.sessions[:place], moved, *world.sessions[place + 1 :])
            yield World(epoch, sessions, world.broken or is_late)
        if session.step in {Step.OPEN, Step.HELD}:
            crashed = replace(session, step=Step.DONE)
            sessions = (*world.sessions[:place], crashed, *world.sessions[place + 1 :])
            yield World(world.epoch, sessions, world.broken)


Move = tuple[int, Session, bool]


def _writer(rules: Rules, world: World, me: Session) -> Iterator[Move]:
    if me.step is Step.IDLE and not _table_is_taken(rules, world):
        yield world.epoch, replace(me, step=Step.OPEN, seen=world.epoch), False
    elif me.step is Step.OPEN:
        yield from _pass_guard(rules, world, me)
    elif me.step is Step.HELD and not me.has_written:
        yield world.epoch, replace(me, has_written=True), False
    elif me.step is Step.HELD:
        yield world.epoch, replace(me, step=Step.DONE), world.epoch > me.epoch


def _pass_guard(rules: Rules, world: World, me: Session) -> Iterator[Move]:
    refused = replace(me, step=Step.DONE)
    if me.seen != me.epoch:
        yield world.epoch, refused, False
    elif rules.guard is not Guard.SHARE:
        yield world.epoch, replace(me, step=Step.HELD), False  # conflicts with no UPDATE
    elif not any(_has_row(other) for other in world.sessions):
        fits = world.epoch == me.epoch  # the newest version, not that of the snapshot
        yield world.epoch, replace(me, step=Step.HELD) if fits else refused, False


def _promoter(rules: Rules, world: World, me: Session) -> Iterator[Move]:
    others = [other for other in world.sessions if other is not me]
    if me.step is Step.IDLE:
        if not rules.has_table_lock or not any(_holds_table(rules, other) for other in others):
            yield world.epoch, replace(me, step=Step.OPEN), False
    elif me.step is Step.OPEN:
        if not any(_has_row(other) or _shares_row(rules, other) for other in others):
            yield world.epoch, replace(me, step=Step.HELD), False
    elif me.step is Step.HELD:
        yield world.epoch + 1, replace(me, step=Step.DONE), False


def _has_row(session: Session) -> bool:
    return session.is_promotion and session.step is Step.HELD


def _shares_row(rules: Rules, session: Session) -> bool:
    return rules.guard is Guard.SHARE and not session.is_promotion and session.step is Step.HELD


def _table_is_taken(rules: Rules, world: World) -> bool:
    if not rules.has_table_lock or rules.guard is Guard.PLAIN:
        return False
    return any(other.is_promotion and _is_open(other) for other in world.sessions)


def _holds_table(rules: Rules, session: Session) -> bool:
    if session.is_promotion:
        return _is_open(session)
    return rules.guard is not Guard.PLAIN and _is_open(session)


def _is_open(session: Session) -> bool:
    return session.step in {Step.OPEN, Step.HELD}
