"""Which faults show each mutation, and what the oracle has to say of it.

The first, without a mutation, is the control: the same engine, slow between claim and sending, is well.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from support.chaos.rounds import Block, Outcome, Tell
from support.chaos.verdict import Promise
from support.chaos.world import Setup


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """One thing that is broken on purpose."""

    name: str
    means: str
    faults: tuple[str, ...]
    rounds: int
    breaks: Promise | None
    dawdles: float = 0.0

    def block(self, seed: int, tell: Tell) -> Block:
        setup = Setup(seed=seed, broken=self.name, dawdles=self.dawdles)
        return Block(setup=setup, rounds=self.rounds, names=self.faults, tell=tell)

    def is_caught(self, outcome: Outcome) -> bool:
        broken = outcome.verdict.broken
        return not broken if self.breaks is None else self.breaks in broken


MUTATIONS = (
    Mutation(
        name="",
        means="nothing; a tenth of the sends waits 5 s after its claim",
        faults=("vendor-slow",),
        rounds=1,
        breaks=None,
        dawdles=0.1,
    ),
    Mutation(
        name="permit",
        means="the right to send does not end; a tenth of the sends waits 5 s after its claim",
        faults=("vendor-slow",),
        rounds=1,
        breaks=Promise.PERMITTED,
        dawdles=0.1,
    ),
    Mutation(
        name="fence",
        means="the guard lets every term write",
        faults=("database-frozen",),
        rounds=4,
        breaks=Promise.FENCED,
    ),
    Mutation(
        name="dedupe",
        means="what is known already is taken in again",
        faults=("database-frozen",),
        rounds=4,
        breaks=Promise.STORED,
    ),
    Mutation(
        name="intake",
        means="messages are confirmed to the vendor before they are stored",
        faults=("database-cut", "killed"),
        rounds=3,
        breaks=Promise.STORED,
    ),
    Mutation(
        name="outbox",
        means="what a vanished leader was sending is sent again under AtMostOnce",
        faults=("killed",),
        rounds=4,
        breaks=Promise.SENT_ONCE,
    ),
    Mutation(
        name="doubt",
        means="a call without an answer is taken for a refused one",
        faults=("vendor-hangs-up-after",),
        rounds=1,
        breaks=Promise.SENT_ONCE,
    ),
    Mutation(
        name="poller",
        means="whoever leads no more goes on to poll",
        faults=("database-frozen",),
        rounds=6,
        breaks=Promise.ONE_POLLER,
    ),
)


def chosen(names: str) -> Iterator[Mutation]:
    """Return those that are named with commas between them, or all."""
    wanted = names.split(",")
    known = {mutation.name for mutation in MUTATIONS}
    if unknown := set(wanted) - known - {"all"}:
        raise SystemExit(f"no mutation {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    yield from (each for each in MUTATIONS if "all" in wanted or each.name in wanted)
