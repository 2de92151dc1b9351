"""A short chaos run on every change; `make chaos` is the long one, with mutations."""

import asyncio

import pytest

from support.chaos import rounds
from support.chaos.rounds import Block
from support.chaos.world import Setup

pytestmark = pytest.mark.integration


def test_nothing_that_was_promised_breaks_while_leaders_are_killed_under_load() -> None:
    block = Block(setup=Setup(seed=10, replicas=2), rounds=2, names=["killed", "database-cut"])

    outcome = asyncio.run(rounds.run(block))

    assert not outcome.verdict.violations, f"{outcome.verdict}\nlogs: {outcome.logs}"
    assert outcome.verdict.counts["promotions"] > 1
    assert outcome.verdict.counts["sent"] > 10
