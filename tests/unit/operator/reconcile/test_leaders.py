"""Who leads is known by what changes in the Lease, whatever any clock of another machine says."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from polyant_operator.reconcile.leaders import Leaders
from polyant_operator.verdicts.observed import LeaderSeen

KEY = ("ns", "acme")
FREE: dict[str, Any] = {"metadata": {}, "spec": {}}


def lease(holder: str = "a_0a1b2c3d", epoch: int = 3, renewed: int = 0) -> dict[str, Any]:
    """A Lease as an engine writes it, with times of a clock that is wrong by years."""
    return {
        "metadata": {"annotations": {"polyant.ai/epoch": str(epoch)}},
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": 10,
            "acquireTime": "2001-01-01T00:00:00.123456Z",
            "renewTime": f"2001-01-01T00:{renewed:02}:00.000000Z",
        },
    }


@dataclass
class Looks:
    """An operator that looks at one Lease."""

    now: float = 0.0
    leaders: Leaders = field(init=False)

    def __post_init__(self) -> None:
        self.leaders = Leaders(lambda: self.now)

    def at(self, now: float, found: dict[str, Any] | None) -> LeaderSeen:
        self.now = now
        self.leaders.note(KEY, found)
        return self.leaders.seen(KEY)


@pytest.fixture
def looks() -> Looks:
    return Looks()


def test_a_lease_that_is_renewed_has_a_leader(looks: Looks) -> None:
    looks.at(0, lease())

    seen = looks.at(15, lease(renewed=1))

    assert (seen.pod, seen.epoch, seen.since) == ("a", 3, "2001-01-01T00:00:00Z")
    assert seen.missing_for == 0
    assert seen.proven


def test_a_renewal_is_no_news_and_another_leader_is(looks: Looks) -> None:
    note = looks.leaders.note

    assert [
        note(KEY, lease()),
        note(KEY, lease(renewed=1)),
        note(KEY, lease("b_0a1b2c3d", 4, 2)),
        note(KEY, lease("b_0a1b2c3d", 4, 3)),
    ] == [True, False, True, False]


def test_a_lease_that_stays_the_same_for_its_whole_life_has_no_leader(looks: Looks) -> None:
    looks.at(0, lease())
    assert looks.at(9, lease()).is_there

    seen = looks.at(15, lease())

    assert not seen.is_there
    assert (seen.last, seen.silent, seen.missing_for) == ("a", "a", 15)
    assert looks.at(50, lease()).missing_for == 50
    assert looks.at(52, lease(renewed=1)).is_there, "it was only slow"


def test_nobody_leads_a_free_lease_and_who_led_is_known(looks: Looks) -> None:
    looks.at(0, lease())

    seen = looks.at(15, lease(""))

    assert not seen.is_there
    assert (seen.last, seen.silent, seen.missing_for) == ("a", "", 15)


def test_who_has_won_leads_only_when_the_epoch_is_new(looks: Looks) -> None:
    """Between the Lease and the fence lies the promotion, and it may fail."""
    looks.at(0, lease())

    assert not looks.at(1, lease("b_0a1b2c3d", 3, 1)).is_there
    assert looks.at(2, lease("b_0a1b2c3d", 4, 2)).pod == "b"


def test_the_first_leader_leads_only_with_an_epoch(looks: Looks) -> None:
    assert not looks.at(0, FREE).is_there
    assert not looks.at(1, lease(epoch=0)).is_there
    assert looks.at(2, lease(epoch=1, renewed=1)).is_there


def test_one_look_takes_a_leader_on_trust_and_says_so(looks: Looks) -> None:
    seen = looks.at(0, lease())

    assert (seen.is_there, seen.proven) == (True, False)


def test_a_lease_that_is_gone_has_no_leader(looks: Looks) -> None:
    looks.at(0, lease())

    assert not looks.at(15, None).is_there


@pytest.mark.parametrize("epoch", ["", "x", "٣", "-1"])
def test_an_epoch_that_is_no_number_is_none(looks: Looks, epoch: str) -> None:
    strange = lease()
    strange["metadata"]["annotations"]["polyant.ai/epoch"] = epoch

    assert not looks.at(0, strange).is_there


def test_what_is_forgotten_is_unknown(looks: Looks) -> None:
    looks.at(0, lease())

    looks.leaders.forget(KEY)

    assert not looks.leaders.is_known(KEY)
    assert looks.leaders.seen(KEY) == LeaderSeen()
