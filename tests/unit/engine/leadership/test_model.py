"""The elector's rules, alone and in a world of several electors with every fault."""

from dataclasses import replace

import pytest

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
FREE = Record(version="1")
THEIRS = Record(version="2", holder="other", lease_seconds=10, transitions=3)


class Elector:
    """One elector, driven by hand."""

    def __init__(self) -> None:
        self.state = State(me="me", times=TIMES)
        self.now = 100.0
        self.loop_at: float | None = None

    def hear(self, event: Event, after: float = 0.0) -> tuple[Action, ...]:
        self.now += after
        loop_at = self.now if self.loop_at is None else self.loop_at
        self.state, actions = model.step(self.state, event, Now(self.now, loop_at))
        return actions

    def done(self, call: Call, record: Record | None = None, epoch: int = 0) -> tuple[Action, ...]:
        return self.hear(Done(call, self.now, record, epoch))

    def written(self) -> tuple[Action, ...]:
        held = self.state.held or FREE
        return self.done(Call.WRITE, replace(held, holder="me", version=held.version + "w"))

    def lead(self) -> "Elector":
        self.hear(Tick())
        self.hear(Seen(FREE, Call.READ))
        self.done(Call.PING)
        self.written()
        self.done(Call.PROMOTE, epoch=7)
        self.written()
        return self


@pytest.fixture
def elector() -> Elector:
    return Elector()


def test_a_free_lease_is_claimed_after_the_database_has_answered(elector: Elector) -> None:
    assert elector.hear(Tick()) == (Do(Call.READ),)
    assert elector.hear(Seen(FREE, Call.READ)) == (Do(Call.PING),)

    [write] = elector.done(Call.PING)

    assert isinstance(write, Do)
    assert write.record == replace(FREE, holder="me", lease_seconds=10, transitions=1)


def test_a_silent_database_makes_no_candidate(elector: Elector) -> None:
    elector.hear(Tick())
    elector.hear(Seen(FREE, Call.READ))

    assert elector.hear(Failed(Call.PING)) == ()
    assert elector.state.phase is Phase.FOLLOWING


def test_the_lease_is_won_before_the_fence_and_the_fence_before_the_work(elector: Elector) -> None:
    elector.hear(Tick())
    elector.hear(Seen(replace(FREE, epoch=6), Call.READ))
    elector.done(Call.PING)
    elector.now += 1

    armed, promote = elector.hear(Done(Call.WRITE, 100.0, replace(FREE, holder="me", epoch=6)))
    assert armed == Arm(109.25)  # from before the request, and before the lease ends
    assert promote == Do(Call.PROMOTE, epoch=6)

    start, write, _ = elector.done(Call.PROMOTE, epoch=7)
    assert start == Start()
    assert isinstance(write, Do)
    assert write.record is not None
    assert write.record.epoch == 7


def test_somebody_elses_lease_is_watched_and_claimed_when_its_life_is_over(
    elector: Elector,
) -> None:
    elector.hear(Tick())

    assert elector.hear(Seen(THEIRS, Call.READ)) == (Do(Call.WATCH, THEIRS),)
    assert elector.state.wake_at == 110.0
    assert elector.hear(Tick(), after=9.9) == ()
    assert elector.hear(Tick(), after=0.1) == (Do(Call.PING),)


def test_a_renewal_begins_a_new_life(elector: Elector) -> None:
    elector.hear(Tick())
    elector.hear(Seen(THEIRS, Call.READ))
    elector.hear(Seen(replace(THEIRS, version="3"), Call.WATCH), after=5)

    assert elector.state.wake_at == 115.0


def test_an_unchanged_record_lives_on_while_the_store_is_away(elector: Elector) -> None:
    """A failed read does not begin its life anew, so the take-over is not put off."""
    elector.hear(Tick())
    elector.hear(Seen(THEIRS, Call.READ))
    elector.hear(Failed(Call.WATCH), after=1)
    elector.hear(Tick(), after=2)
    elector.hear(Failed(Call.READ), after=1)

    assert elector.state.free_at == 110.0
    assert elector.hear(Tick(), after=6) == (Do(Call.PING),)


def test_the_age_that_a_store_knows_shortens_the_wait(elector: Elector) -> None:
    elector.hear(Tick())

    assert elector.hear(Seen(replace(THEIRS, age=60.0), Call.READ)) == (Do(Call.PING),)


def test_a_leader_hands_over_to_the_pod_that_shall_lead(elector: Elector) -> None:
    elector.lead()
    assert elector.hear(Outrun(Call.WRITE)) == (Do(Call.READ),)
    wished = replace(FREE, version="9", holder="me", granted="older", wish="them")

    assert elector.hear(Seen(wished, Call.READ)) == (Stop(Reason.HANDED_OVER),)
    assert elector.hear(Stopped()) == (Do(Call.RELEASE, wished.released()),)
    elector.done(Call.RELEASE)
    assert elector.state.phase is Phase.STAYING_OUT


def test_a_wish_for_the_leader_itself_is_noted_with_the_next_renewal(elector: Elector) -> None:
    elector.lead()
    elector.hear(Outrun(Call.WRITE))

    write, *_ = elector.hear(Seen(replace(FREE, holder="me", wish="me"), Call.READ))

    assert isinstance(write, Do)
    assert write.record is not None
    assert (write.record.granted, elector.state.phase) == ("me", Phase.LEADING)


def test_a_wish_that_was_tried_or_taken_back_moves_nobody(elector: Elector) -> None:
    elector.lead()
    elector.hear(Outrun(Call.WRITE))

    elector.hear(Seen(replace(FREE, holder="me", wish="them", granted="them"), Call.READ))
    assert elector.state.phase is Phase.LEADING
    elector.written()
    elector.hear(Outrun(Call.WRITE))
    write, *_ = elector.hear(Seen(replace(FREE, holder="me", granted="them"), Call.READ))

    assert isinstance(write, Do)
    assert write.record is not None
    assert write.record.granted == "", "so that the same pod may be wished for once more"


@pytest.mark.parametrize(
    ("wish", "granted", "first"), [("me", "", 0), ("them", "", 1), ("them", "them", 0)]
)
def test_whoever_shall_lead_goes_first_for_a_second(
    elector: Elector, wish: str, granted: str, first: float
) -> None:
    elector.hear(Tick())
    elector.hear(Seen(THEIRS, Call.READ))
    released = replace(THEIRS.released(), version="3", wish=wish, granted=granted)

    claimed = elector.hear(Seen(released, Call.WATCH), after=1) == (Do(Call.PING),)

    assert claimed == (first == 0)
    if not claimed:
        assert elector.hear(Tick(), after=first) == (Do(Call.PING),), "it did not come"
    (write,) = elector.done(Call.PING)
    assert isinstance(write, Do)
    assert write.record is not None
    assert (write.record.wish, write.record.granted) == (wish, wish)


def test_the_pod_of_an_identity_is_what_stands_before_its_random_part() -> None:
    assert State(me="acme-engine-7d_x2_0a1b2c3d", times=TIMES).pod == "acme-engine-7d_x2"


def test_a_released_lease_is_claimed_at_once(elector: Elector) -> None:
    elector.hear(Tick())
    elector.hear(Seen(THEIRS, Call.READ))

    assert elector.hear(Seen(THEIRS.released(), Call.WATCH), after=1) == (Do(Call.PING),)


def test_whoever_was_slower_reads_again_at_once(elector: Elector) -> None:
    elector.hear(Tick())
    elector.hear(Seen(FREE, Call.READ))
    elector.done(Call.PING)

    assert elector.hear(Outrun(Call.WRITE)) == (Do(Call.READ),)
    assert elector.state.phase is Phase.FOLLOWING


def test_a_claim_whose_answer_got_lost_is_found_again(elector: Elector) -> None:
    elector.hear(Tick())
    elector.hear(Seen(FREE, Call.READ))
    elector.done(Call.PING)
    elector.hear(Failed(Call.WRITE))
    elector.hear(Tick(), after=3)
    elector.done(Call.PING)
    elector.hear(Outrun(Call.WRITE))

    assert elector.hear(Seen(replace(THEIRS, holder="me"), Call.READ)) == (Do(Call.PING),)


def test_a_leader_renews_and_proves_that_it_can_write(elector: Elector) -> None:
    elector.lead()
    elector.done(Call.BEAT)

    write, beat = elector.hear(Tick(), after=2)

    assert isinstance(write, Do)
    assert (write.call, beat) == (Call.WRITE, Do(Call.BEAT, epoch=0))
    assert elector.written() == (Arm(elector.now + 9.25),)


@pytest.mark.parametrize(
    ("succeeds", "reason"),
    [(Call.BEAT, Reason.LEASE_NOT_RENEWED), (Call.WRITE, Reason.DATABASE_SILENT)],
)
def test_a_leader_without_either_proof_stops(
    elector: Elector, succeeds: Call, reason: Reason
) -> None:
    elector.lead()
    stop: tuple[Action, ...] = ()
    for _ in range(4):
        stop = stop or elector.hear(Tick(), after=2)
        if elector.state.is_holding:
            elector.written() if succeeds is Call.WRITE else elector.done(Call.BEAT)
            elector.hear(Failed(Call.BEAT if succeeds is Call.WRITE else Call.WRITE))
        stop = stop if Stop(reason) in stop else ()

    assert Stop(reason) in stop
    assert elector.state.phase is Phase.STOPPING


def test_a_late_proof_counts_from_its_beginning(elector: Elector) -> None:
    """After a freeze the answer to an old renewal comes first; it proves nothing."""
    elector.lead()
    since = elector.now
    elector.hear(Tick(), after=2)
    elector.now += 30
    late = Done(Call.WRITE, since, replace(FREE, holder="me"))

    assert elector.hear(late) == (Stop(Reason.LEASE_NOT_RENEWED),)


def test_a_silent_event_loop_renews_nothing(elector: Elector) -> None:
    elector.lead()
    elector.done(Call.BEAT)
    elector.loop_at = elector.now

    elector.hear(Tick(), after=2)
    elector.written()
    elector.done(Call.BEAT)

    assert Call.WRITE not in {a.call for a in elector.hear(Tick(), after=4) if isinstance(a, Do)}


def test_a_silent_event_loop_makes_no_candidate(elector: Elector) -> None:
    elector.hear(Tick())
    elector.loop_at = elector.now - 6

    assert elector.hear(Seen(FREE, Call.READ)) == ()


def test_a_taken_lease_ends_the_leadership_and_is_not_given_back(elector: Elector) -> None:
    elector.lead()
    elector.hear(Tick(), after=2)
    elector.hear(Outrun(Call.WRITE))

    assert elector.hear(Seen(THEIRS, Call.READ)) == (Stop(Reason.LEASE_TAKEN),)
    assert elector.hear(Stopped()) == (Disarm(),)
    assert elector.state.phase is Phase.FOLLOWING


def test_a_renewal_whose_answer_got_lost_is_found_again(elector: Elector) -> None:
    elector.lead()
    elector.hear(Tick(), after=2)
    elector.hear(Failed(Call.WRITE))
    elector.hear(Tick(), after=2)
    elector.hear(Outrun(Call.WRITE))

    actions = elector.hear(Seen(replace(FREE, version="9", holder="me"), Call.READ))

    assert [a.record.version for a in actions if isinstance(a, Do) and a.record] == ["9"]


def test_the_lease_is_given_back_only_after_the_work_has_stopped(elector: Elector) -> None:
    elector.lead()

    assert elector.hear(Asked(Reason.HANDED_OVER)) == (Stop(Reason.HANDED_OVER),)
    assert elector.hear(Tick(), after=1) == ()
    [release] = elector.hear(Stopped())

    assert isinstance(release, Do)
    assert release.call is Call.RELEASE
    assert release.record is not None
    assert release.record.holder == ""
    assert elector.done(Call.RELEASE) == (Disarm(),)


def test_the_watchdog_stays_armed_until_the_work_has_stopped(elector: Elector) -> None:
    elector.lead()
    heard = [*elector.hear(Asked(Reason.WORK_FAILED, 7)), *elector.hear(Tick(), after=3)]

    assert Disarm() not in heard
    assert not any(isinstance(action, Arm) for action in heard)


def test_the_release_waits_for_a_renewal_under_way(elector: Elector) -> None:
    elector.lead()
    elector.done(Call.BEAT)
    elector.hear(Tick(), after=2)
    elector.hear(Asked(Reason.HANDED_OVER))

    assert elector.hear(Stopped()) == ()
    [release] = elector.written()

    assert isinstance(release, Do)
    assert release.record is not None
    assert release.record.version.endswith("w")


@pytest.mark.parametrize("reason", [Reason.HANDED_OVER, Reason.WORK_FAILED])
def test_who_would_fail_again_or_shall_not_win_stays_out_for_one_lease(
    elector: Elector, reason: Reason
) -> None:
    elector.lead()
    elector.hear(Asked(reason))
    elector.hear(Stopped())
    elector.done(Call.RELEASE)

    assert elector.state.phase is Phase.STAYING_OUT
    assert elector.hear(Tick(), after=9.9) == ()
    assert elector.hear(Tick(), after=0.1) == (Do(Call.READ),)


def test_a_refused_write_ends_its_own_term_only(elector: Elector) -> None:
    elector.lead()

    assert elector.hear(Asked(Reason.TERM_OVER, 6)) == ()
    assert elector.hear(Asked(Reason.TERM_OVER, 7)) == (Stop(Reason.TERM_OVER),)


def test_closing_releases_and_ends(elector: Elector) -> None:
    elector.lead()
    elector.hear(Asked(Reason.CLOSING))
    elector.hear(Stopped())
    elector.done(Call.RELEASE)

    assert elector.state.phase is Phase.ENDED


def test_closing_while_the_claim_is_under_way_gives_the_lease_back(elector: Elector) -> None:
    elector.hear(Tick())
    elector.hear(Seen(FREE, Call.READ))
    elector.done(Call.PING)
    elector.hear(Asked(Reason.CLOSING))
    elector.written()
    [release] = elector.hear(Stopped())

    assert isinstance(release, Do)
    assert release.call is Call.RELEASE
