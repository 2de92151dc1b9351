"""Several electors and every fault, in virtual time."""

import pytest

from polyant_engine.leadership.model import Phase
from support.election_world import TIMES, World


@pytest.mark.parametrize("seed", range(8))
def test_never_do_two_replicas_work_at_once(seed: int) -> None:
    """Clocks run alike here; where they do not, the fence is what holds."""
    world = World(seed).run(300)

    assert not world.both_worked
    assert world.led > 1


def test_without_its_watchdog_work_that_hangs_is_found_out() -> None:
    """Mutation: the simulation is worth something."""
    assert any(World(seed, watchdog=False).run(300).both_worked for seed in range(8))


@pytest.mark.parametrize("seed", range(5))
def test_who_shall_lead_does_so_within_seconds(seed: int) -> None:
    world = World(seed).run(100)
    world.calm()
    world.go_on(40)
    follower = next(
        each for each in world.replicas if not each.is_dead and each.state.phase is Phase.FOLLOWING
    )

    world.wish(follower)
    world.go_on(2 * TIMES.retry)

    assert follower.state.phase is Phase.LEADING


@pytest.mark.parametrize("seed", range(5))
def test_when_nothing_happens_any_more_somebody_leads(seed: int) -> None:
    world = World(seed).run(200)

    world.calm()
    world.go_on(40)

    assert sum(r.state.phase is Phase.LEADING for r in world.replicas if not r.is_dead) == 1
