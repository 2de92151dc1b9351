"""Electors in virtual time on one lease: slow, lost and late calls, freezes, kills, work that hangs.

A write takes effect at a moment of its own, also after its time-out. A frozen elector hears nothing; its
watchdog strikes at the thaw, as the real one does. `both_worked` is what must never be seen.
"""

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from polyant_engine.leadership import model
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
from polyant_engine.leadership.model import Now, Phase, State
from polyant_engine.leadership.records import Reason, Record, Times

TIMES = Times(lease=10, renew=7, retry=2)
DELAYS = (0.01, 0.01, 0.01, 0.01, 0.01, 0.5, 1.9, 2.5, 9.0)


@dataclass
class Replica:
    """One elector and what it has running."""

    state: State
    works: bool = False
    is_dead: bool = False
    frozen_until: float = 0.0
    deadline: float | None = None  # of its watchdog
    queue: list[Event] = field(default_factory=list)


class World:
    """Everything, by one seed."""

    def __init__(self, seed: int, *, watchdog: bool = True) -> None:
        self.chance = random.Random(seed)  # noqa: S311  a simulation is repeatable
        self.has_watchdog = watchdog
        self.now = 0.0
        self.record = Record(version="0")
        self.epoch = 0
        self.both_worked = False
        self.led = 0
        self.is_calm = False
        self._order = itertools.count()
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self.replicas: list[Replica] = []

    def run(self, seconds: float, count: int = 3) -> "World":
        for _ in range(count):
            self._join()
        self._at(self.chance.uniform(5, 20), self._fault)
        return self.go_on(seconds)

    def calm(self) -> None:
        """Let nothing go wrong any more, with one fresh replica at least."""
        self.is_calm = True
        for replica in self.replicas:
            replica.frozen_until = 0.0
        self._join()

    def go_on(self, seconds: float) -> "World":
        end = self.now + seconds
        while self._agenda and self.now < end:
            self.now, _, act = heapq.heappop(self._agenda)
            act()
            self.both_worked |= sum(map(self._works, self.replicas)) > 1
        return self

    def _works(self, replica: Replica) -> bool:
        # The real watchdog strikes at the thaw, before anything else runs.
        is_struck = self.has_watchdog and self.now >= (replica.deadline or self.now + 1)
        is_frozen = self.now < replica.frozen_until
        return replica.works and not (replica.is_dead or is_frozen or is_struck)

    def wish(self, replica: Replica) -> None:
        """Want a replica to lead, as the operator writes it; an earlier wish was taken away first."""
        version = str(int(self.record.version) + 1)
        self.record = replace(self.record, version=version, wish=replica.state.me, granted="")

    def _at(self, delay: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (self.now + delay, next(self._order), act))

    def _join(self) -> None:
        me = f"r{len(self.replicas)}"
        replica = Replica(State(me=me, times=TIMES, jitter=self.chance.random()))
        self.replicas.append(replica)
        self._pulse(replica)

    def _pulse(self, replica: Replica) -> None:
        """Let a replica notice the time, four times a second."""
        if replica.is_dead:
            return
        self._at(0.25, lambda: self._pulse(replica))
        if self.now < replica.frozen_until:
            return
        if replica.deadline is not None and self.now >= replica.deadline and self.has_watchdog:
            self._kill(replica)
            return
        waiting, replica.queue = replica.queue, []
        for event in waiting:
            self._hear(replica, event)
        wake_at = replica.state.wake_at
        if wake_at is not None and self.now >= wake_at:
            self._hear(replica, Tick())

    def _kill(self, replica: Replica) -> None:
        replica.is_dead, replica.works = True, False
        self._at(self.chance.uniform(1, 30), self._join)

    def _tell(self, replica: Replica, event: Event) -> None:
        if self.now < replica.frozen_until or replica.queue:
            replica.queue.append(event)
        else:
            self._hear(replica, event)

    def _hear(self, replica: Replica, event: Event) -> None:
        if not replica.is_dead:
            now = Now(self.now, self.now)
            replica.state, actions = model.step(replica.state, event, now)
            for action in actions:
                self._act(replica, action)

    def _act(self, replica: Replica, action: Action) -> None:
        match action:
            case Do():
                self._call(replica, action)
            case Arm(at):
                replica.deadline = at
            case Disarm():
                replica.deadline = None
            case Start():
                replica.works = True
                self.led += 1
            case Stop():
                # A minute: it hangs.
                slow = 0.1 if self.is_calm else self.chance.choice((0.0, 0.1, 3.0, 60.0))
                self._at(slow, lambda: self._stopped(replica))

    def _stopped(self, replica: Replica) -> None:
        if self.now < replica.frozen_until:
            self._at(0.1, lambda: self._stopped(replica))
        elif replica.state.phase is Phase.STOPPING and not replica.is_dead:
            replica.works = False
            self._tell(replica, Stopped())

    def _call(self, replica: Replica, do: Do) -> None:
        began = self.now
        effect = 0.01 if self.is_calm else self.chance.choice(DELAYS)
        if do.call is Call.WATCH:
            self._watch(replica, self.record)
        elif effect > TIMES.retry or (self.chance.random() < 0.1 and not self.is_calm):
            is_lost = self.chance.random() < 0.5
            if not is_lost:
                self._at(effect, lambda: self._apply(do, began))
            self._at(TIMES.retry, lambda: self._tell(replica, Failed(do.call)))
        else:
            self._at(effect, lambda: self._tell(replica, self._effect(do, began)))

    def _apply(self, do: Do, began: float) -> None:
        self._effect(do, began)

    def _effect(self, do: Do, began: float) -> Event:
        if do.call is Call.READ:
            return Seen(self.record, Call.READ)
        if do.call is Call.PROMOTE:
            self.epoch = max(self.epoch, do.epoch) + 1
            return Done(Call.PROMOTE, began, epoch=self.epoch)
        if do.record is None:
            return Done(do.call, began)
        if do.record.version != self.record.version:
            return Outrun(do.call)
        self.record = replace(do.record, version=str(int(do.record.version) + 1))
        return Done(do.call, began, self.record)

    def _watch(self, replica: Replica, seen: Record) -> None:
        if replica.is_dead or replica.state.phase is not Phase.FOLLOWING:
            self._tell(replica, Failed(Call.WATCH))
            return
        if self.record != seen:
            self._tell(replica, Seen(self.record, Call.WATCH))
        latest = self.record
        self._at(0.3, lambda: self._watch(replica, latest))

    def _fault(self) -> None:
        if self.is_calm:
            return
        self._at(self.chance.uniform(1, 25), self._fault)
        living = [replica for replica in self.replicas if not replica.is_dead]
        if not living:
            return
        replica = self.chance.choice(living)
        kind = self.chance.choice(("freeze", "kill", "hand over", "refuse", "close", "wish"))
        if kind == "freeze":
            replica.frozen_until = self.now + self.chance.choice((1.0, 5.0, 9.0, 11.0, 40.0))
            # Frozen work does nothing; it would go on at the thaw, unless the watchdog strikes.
        elif kind == "kill":
            self._kill(replica)
        elif kind == "hand over":
            self._tell(replica, Asked(Reason.HANDED_OVER))
        elif kind == "wish":
            self.wish(replica)
        elif kind == "refuse":
            self._tell(replica, Asked(Reason.TERM_OVER, replica.state.epoch))
        else:
            self._tell(replica, Asked(Reason.CLOSING))
            self._at(20, self._join)
