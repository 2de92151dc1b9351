"""What happens in which round: a function of the seed, so a run can be had again."""

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from typing_extensions import override

from support.chaos import faults

LEADER_SHARE = 0.7
SECOND_SHARE = 0.35  # a second fault begins while the first lasts
PAUSES = (0.3, 1.0, 2.0)


@dataclass(frozen=True)
class Blow:
    """One fault: whom it meets, after which wait it begins, how long it lasts."""

    name: str
    is_for_leader: bool
    number: int  # of the replica, if it is not for the leader
    wait: float
    seconds: float

    @override
    def __str__(self) -> str:
        whom = "leader" if self.is_for_leader else f"replica {self.number}"
        return f"{self.name} ({whom}, {self.seconds:g} s)"


@dataclass(frozen=True)
class Round:
    """One or two faults at a time, then a pause."""

    number: int
    blows: tuple[Blow, ...]
    pause: float

    @override
    def __str__(self) -> str:
        return f"round {self.number}: " + " and ".join(map(str, self.blows))


def rounds(seed: int, count: int, replicas: int, names: Collection[str]) -> Iterator[Round]:
    """Make a plan of these faults."""
    chance = random.Random(seed)  # noqa: S311 -- a repeatable choice, no secret
    known = sorted(names)
    for number in range(1, count + 1):
        blows = [_blow(chance, chance.choice(known), replicas, 0.0)]
        if chance.random() < SECOND_SHARE:
            blows.append(_blow(chance, chance.choice(known), replicas, chance.uniform(0, 2)))
        yield Round(number, tuple(blows), chance.choice(PAUSES))


def _blow(chance: random.Random, name: str, replicas: int, wait: float) -> Blow:
    is_for_leader = chance.random() < LEADER_SHARE
    number = chance.randrange(replicas)
    return Blow(name, is_for_leader, number, wait, faults.length(name, chance))
