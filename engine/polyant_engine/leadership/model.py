"""The elector's rules: `step(state, event, now)` gives the next state and what to do. Pure.

                    it is free, or did not change for its whole life
      FOLLOWING ------------------------------------------------------> CLAIMING
       ^  ^   ^   the database is silent, or somebody was faster           |
       |  |   +------------------------------------------------------------+
       |  |                                                                | the lease is ours
       |  |                                                                v
       |  |                                                            PROMOTING
       |  |        lease not renewed, lease taken, database silent,        | the fence has our term
       |  |        term over, work failed, handed over, closing            v
       |  |                                          +---- any of these- LEADING
       |  |                                          v                     (and from PROMOTING)
       |  |     the lease is given back,          STOPPING
       |  +--------------------- RELEASING <---------+ the work has confirmed that it stopped,
       |                            |  |               or the watchdog ends the process
       | one lease is over          |  |
       +-------- STAYING_OUT <------+  +--> ENDED, when closing

Safety is the fence's business (`fence.py`); this is liveness, and that two leaders at work are rare and
short. Every time is of this process's monotonic clock. A leadership counts from before the request
that won it, so a slow answer never lengthens it; somebody else's from when we first saw its record,
so it is never shortened. The watchdog is set at each renewal, to a moment before the lease ends.

A record may name a pod that shall lead. The leader hands over, the others let that pod go first for the
second that a released lease lives, and whoever wins notes that the wish was tried: once, and no more.

A call that is under way is in `calls`, at most one of a kind; each ends in exactly one event, a
time-out included, so nothing here waits for ever.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from polyant_engine.leadership.events import (
    Action,
    Arm,
    Asked,
    Call,
    Disarm,
    Do,
    Done,
    Event,
    Failed,
    Outrun,
    Seen,
    Start,
    Stop,
    Stopped,
    Tick,
)
from polyant_engine.leadership.records import NOBODY, Reason, Record, Times

LOOP_SECONDS = 5.0  # an event loop that was silent for longer is no leader


class Phase(StrEnum):
    """Where this replica is."""

    FOLLOWING = "following"
    CLAIMING = "claiming"
    PROMOTING = "promoting"
    LEADING = "leading"
    STOPPING = "stopping"
    RELEASING = "releasing"
    STAYING_OUT = "staying-out"
    ENDED = "ended"


@dataclass(frozen=True)
class Now:
    """The monotonic clock, and the last sign of life of the event loop."""

    at: float
    loop_at: float

    @property
    def is_loop_alive(self) -> bool:
        """Tell whether the event loop can still do a leader's work."""
        return self.at - self.loop_at <= LOOP_SECONDS


@dataclass(frozen=True, kw_only=True)
class State:
    """Everything the elector knows."""

    me: str  # of this start of this process
    times: Times
    jitter: float = 0.0  # 0..1, so that replicas do not try in the same moment
    phase: Phase = Phase.FOLLOWING
    seen: Record | None = None  # somebody else's
    free_at: float = 0.0  # when the life of `seen` is over
    held: Record | None = None  # ours
    renewed_at: float = 0.0
    committed_at: float = 0.0  # the last proof that the database takes our writes
    next_try: float = 0.0
    epoch: int = 0  # of our term, while there is one
    reason: Reason | None = None  # why the last leadership ended
    out_until: float = 0.0
    calls: frozenset[Call] = frozenset()

    @property
    def pod(self) -> str:
        """Return where this process runs, which a restart does not change."""
        return self.me.rpartition("_")[0] or self.me

    @property
    def is_holding(self) -> bool:
        """Tell whether the lease is ours and in use."""
        return self.phase in {Phase.PROMOTING, Phase.LEADING}

    @property
    def is_closing(self) -> bool:
        """Tell whether the process ends."""
        return self.reason is Reason.CLOSING

    @property
    def wake_at(self) -> float | None:
        """Return when a `Tick` is due, whatever else happens."""
        if self.phase is Phase.FOLLOWING:
            return self.next_try
        if self.phase is Phase.STAYING_OUT:
            return self.out_until
        if self.is_holding:
            return min(self.next_try, self.stop_at)
        return None

    @property
    def stop_at(self) -> float:
        """Return when an unrenewed leadership stops by itself."""
        return min(self.renewed_at, self.committed_at) + self.times.renew


Outcome: TypeAlias = tuple[State, tuple[Action, ...]]


def step(state: State, event: Event, now: Now) -> Outcome:
    """Give the next state and what to do."""
    state = _settled(state, event)
    if isinstance(event, Asked) and event.reason is Reason.CLOSING:
        state = replace(state, reason=Reason.CLOSING)
    following, actions = _RULES[state.phase](state, event, now)
    begun = frozenset(action.call for action in actions if isinstance(action, Do))
    return replace(following, calls=following.calls | begun), actions


def _settled(state: State, event: Event) -> State:
    """Take a call that ended from those under way; a watch goes on until it fails."""
    call = getattr(event, "call", None)
    if call is None or (call is Call.WATCH and isinstance(event, Seen)):
        return state
    return replace(state, calls=state.calls - {call})


def _followed(state: State, event: Event, now: Now) -> Outcome:
    if state.is_closing:
        return _end(state)
    if isinstance(event, Seen):
        return _judge(_observed(state, event.record, now), now)
    if isinstance(event, Failed | Outrun) and event.call in {Call.READ, Call.WATCH}:
        return _later(state, now)
    if isinstance(event, Tick) and now.at >= state.next_try:
        return _judge(state, now) if _is_free(state, now) else _read(state, now)
    return state, ()


def _observed(state: State, record: Record, now: Now) -> State:
    if record == state.seen:
        return state
    life = record.lease_seconds * (1 + 0.05 * state.jitter) - record.age
    return replace(state, seen=record, free_at=now.at + max(0.0, life))


def _is_free(state: State, now: Now) -> bool:
    record = state.seen
    if record is None:
        return False
    if record.holder == state.me or now.at >= state.free_at:
        return True
    return record.holder == NOBODY and record.pending in {"", state.pod}


def _judge(state: State, now: Now) -> Outcome:
    """Claim what is free; otherwise watch, and come back when its life is over."""
    if not _is_free(state, now):
        watch = () if Call.WATCH in state.calls else (Do(Call.WATCH, state.seen),)
        return replace(state, next_try=state.free_at), watch
    if Call.READ in state.calls or not now.is_loop_alive:
        return _later(state, now)
    return replace(state, phase=Phase.CLAIMING), (Do(Call.PING),)


def _read(state: State, now: Now) -> Outcome:
    if Call.READ in state.calls:
        return _later(state, now)
    return replace(state, next_try=now.at + state.times.retry), (Do(Call.READ),)


def _later(state: State, now: Now) -> Outcome:
    """Look again after a pause; the life of what was seen goes on meanwhile."""
    next_try = now.at + state.times.retry * (1 + 0.2 * state.jitter)
    if state.seen is not None and now.at < state.free_at:
        next_try = min(next_try, state.free_at)
    return replace(state, phase=Phase.FOLLOWING, next_try=next_try), ()


def _claimed(state: State, event: Event, now: Now) -> Outcome:
    if isinstance(event, Done) and event.call is Call.WRITE and event.record is not None:
        return _won(state, event, event.record, now)
    if state.is_closing and Call.WRITE not in state.calls:
        return _end(state)
    if isinstance(event, Done) and event.call is Call.PING and state.seen is not None:
        taken = state.seen.taken_by(state.me, state.times)
        return replace(state, committed_at=event.since), (Do(Call.WRITE, taken),)
    if isinstance(event, Outrun):
        return _read(replace(state, phase=Phase.FOLLOWING, seen=None), now)
    if isinstance(event, Failed) and event.call in {Call.PING, Call.WRITE}:
        return _later(state, now)
    return state, ()


def _won(state: State, event: Done, record: Record, now: Now) -> Outcome:
    state = replace(
        state,
        phase=Phase.PROMOTING,
        seen=None,
        held=record,
        renewed_at=event.since,
        next_try=now.at + state.times.retry,
        reason=state.reason if state.is_closing else None,
    )
    arm = Arm(event.since + state.times.watchdog)
    if state.is_closing:
        stopping, actions = _stop(state, Reason.CLOSING)
        return stopping, (arm, *actions)
    promote = () if Call.PROMOTE in state.calls else (Do(Call.PROMOTE, epoch=record.epoch),)
    return state, (arm, *promote)


def _held(state: State, event: Event, now: Now) -> Outcome:
    reason = _ending(state, event, now)
    if isinstance(event, Seen) and event.call is Call.READ:
        # Our own write, whose answer got lost, or a wish: it is ours still, or `_stop` drops it.
        state = replace(state, held=event.record)
    if reason is not None:
        return _stop(state, reason)
    if isinstance(event, Done):
        return _succeeded(state, event, now)
    if isinstance(event, Outrun):
        return state, (Do(Call.READ),)
    if isinstance(event, Seen) and event.call is Call.READ:
        return _renew(state, now)
    if isinstance(event, Tick) and now.at >= state.next_try:
        return _renew(state, now)
    return state, ()


def _ending(state: State, event: Event, now: Now) -> Reason | None:
    """Say why the leadership must end now, if so."""
    if isinstance(event, Asked):
        return event.reason if event.epoch in {0, state.epoch} else None
    if isinstance(event, Seen) and event.call is Call.READ and event.record.holder != state.me:
        return Reason.LEASE_TAKEN
    if isinstance(event, Seen) and event.record.pending not in {"", state.pod}:
        return Reason.HANDED_OVER
    if now.at >= state.renewed_at + state.times.renew and not _renews(event, now, state):
        return Reason.LEASE_NOT_RENEWED
    if now.at >= state.committed_at + state.times.renew and not _commits(event, now, state):
        return Reason.DATABASE_SILENT
    return None


def _renews(event: Event, now: Now, state: State) -> bool:
    is_write = isinstance(event, Done) and event.call is Call.WRITE
    return is_write and now.at < getattr(event, "since", 0.0) + state.times.renew


def _commits(event: Event, now: Now, state: State) -> bool:
    is_commit = isinstance(event, Done) and event.call in {Call.BEAT, Call.PROMOTE}
    return is_commit and now.at < getattr(event, "since", 0.0) + state.times.renew


def _succeeded(state: State, event: Done, now: Now) -> Outcome:
    if event.call is Call.WRITE and event.record is not None:
        state = replace(state, held=event.record, renewed_at=event.since)
        return state, (Arm(event.since + state.times.watchdog),)
    if event.call is Call.BEAT:
        return replace(state, committed_at=event.since), ()
    if event.call is Call.PROMOTE:
        state = replace(state, phase=Phase.LEADING, epoch=event.epoch, committed_at=event.since)
        renewing, actions = _renew(state, now)  # writes the epoch into the lease
        return renewing, (Start(), *actions)
    return state, ()


def _renew(state: State, now: Now) -> Outcome:
    state = replace(state, next_try=now.at + state.times.retry)
    actions: list[Action] = []
    # With a silent event loop nothing is renewed: the work may hang, and the lease must run out.
    is_free = not state.calls & {Call.WRITE, Call.READ}
    if state.held is not None and is_free and now.is_loop_alive:
        actions.append(Do(Call.WRITE, state.held.renewed_by(state.pod, state.epoch)))
    proof = Call.BEAT if state.phase is Phase.LEADING else Call.PROMOTE
    if proof not in state.calls:
        actions.append(Do(proof, epoch=state.held.epoch if state.held else 0))
    return state, tuple(actions)


def _stop(state: State, reason: Reason) -> Outcome:
    held = None if reason is Reason.LEASE_TAKEN else state.held
    kept = state.reason if state.is_closing else reason
    return replace(state, phase=Phase.STOPPING, held=held, reason=kept), (Stop(reason),)


def _stopped(state: State, event: Event, now: Now) -> Outcome:
    state = _written_late(state, event)
    if isinstance(event, Stopped):
        return _release(replace(state, phase=Phase.RELEASING, epoch=0), now)
    return state, ()


def _written_late(state: State, event: Event) -> State:
    """Learn what became of a renewal that was under way; it does not prolong anything any more."""
    if isinstance(event, Done) and event.call is Call.WRITE:
        return replace(state, held=event.record)
    return replace(state, held=None) if isinstance(event, Outrun) else state


def _released(state: State, event: Event, now: Now) -> Outcome:
    state = _written_late(state, event)
    if getattr(event, "call", None) is Call.RELEASE:
        return _leave(state, now)
    if getattr(event, "call", None) is Call.WRITE:
        return _release(state, now)
    return state, ()


def _release(state: State, now: Now) -> Outcome:
    if Call.WRITE in state.calls:
        return state, ()
    if state.held is None:
        return _leave(state, now)
    return state, (Do(Call.RELEASE, state.held.released()),)


def _leave(state: State, now: Now) -> Outcome:
    if state.is_closing:
        return _end(state)
    state = replace(state, held=None, seen=None)
    if state.reason is not None and state.reason.keeps_out:
        out_until = now.at + state.times.lease
        return replace(state, phase=Phase.STAYING_OUT, out_until=out_until), (Disarm(),)
    return replace(state, phase=Phase.FOLLOWING, next_try=now.at), (Disarm(),)


def _stayed_out(state: State, event: Event, now: Now) -> Outcome:
    if state.is_closing:
        return _end(state)
    if isinstance(event, Tick) and now.at >= state.out_until:
        return _read(replace(state, phase=Phase.FOLLOWING), now)
    return state, ()


def _end(state: State) -> Outcome:
    return replace(state, phase=Phase.ENDED), (Disarm(),)


def _ended(state: State, _: Event, __: Now) -> Outcome:
    return state, ()


_RULES: Mapping[Phase, Callable[[State, Event, Now], Outcome]] = {
    Phase.FOLLOWING: _followed,
    Phase.CLAIMING: _claimed,
    Phase.PROMOTING: _held,
    Phase.LEADING: _held,
    Phase.STOPPING: _stopped,
    Phase.RELEASING: _released,
    Phase.STAYING_OUT: _stayed_out,
    Phase.ENDED: _ended,
}
