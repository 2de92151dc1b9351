"""What becomes of a part: for every outcome, one state that the table knows."""

import math

from hypothesis import given
from hypothesis import strategies as st

from polyant_engine.channels import retrying
from polyant_engine.channels.model import (
    Address,
    Content,
    Outcome,
    Part,
    Refused,
    RetryAfter,
    Sent,
    Unknown,
)
from polyant_engine.channels.retrying import ClaimedPart, PartState
from polyant_engine.core import ids

REASONS = st.text(max_size=2000)
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Sent, st.text(max_size=500)),
    st.builds(Unknown, REASONS),
    st.builds(Refused, reason=REASONS, is_permanent=st.booleans()),
    st.builds(RetryAfter, seconds=st.floats(), reason=REASONS, whole_account=st.booleans()),
)


def claimed(failures: int = 0, age: float = 1.0) -> ClaimedPart:
    part = Part(
        id=ids.new_id(),
        key="k",
        channel_id=ids.new_id(),
        address=Address(chat="c"),
        content=Content(text="hello"),
        reply_to=None,
        attempt=1,
    )
    return ClaimedPart(part=part, failures=failures, age=age)


@given(OUTCOMES, st.integers(0, 100), st.floats(0, 1e6))
def test_every_outcome_is_marked_within_the_bounds_of_the_table(
    outcome: Outcome, failures: int, age: float
) -> None:
    mark = retrying.mark_of(claimed(failures, age), outcome)

    assert mark.state is not PartState.SENDING
    assert math.isfinite(mark.seconds)
    assert 0 <= mark.seconds <= retrying.LONGEST_RETRY_AFTER_SECONDS
    assert len(mark.reason) <= retrying.MAX_REASON
    assert len(mark.external_id or "") <= 300
    assert (mark.external_id is not None) is (mark.state is PartState.SENT)


@given(st.integers(0, 100), st.floats(0, 1e6))
def test_what_may_have_been_delivered_is_never_sent_again_by_itself(
    failures: int, age: float
) -> None:
    for outcome in (Sent("1"), Unknown("time-out")):
        mark = retrying.mark_of(claimed(failures, age), outcome)

        assert mark.state in {PartState.SENT, PartState.UNKNOWN}


def test_a_refusal_is_tried_again_later_and_later_and_then_no_more() -> None:
    marks = [
        retrying.mark_of(claimed(failures), Refused(reason="down", is_permanent=False))
        for failures in range(retrying.MAX_FAILURES)
    ]

    assert [mark.seconds for mark in marks[:-1]] == [2, 4, 8, 16, 32, 64, 128]
    assert [mark.state for mark in marks] == [PartState.QUEUED] * 7 + [PartState.DEAD]


def test_a_permanent_refusal_is_final_at_once() -> None:
    mark = retrying.mark_of(claimed(), Refused(reason="blocked", is_permanent=True))

    assert (mark.state, mark.reason) == (PartState.DEAD, "blocked")


def test_a_limit_of_the_vendor_is_waited_for_and_costs_no_try() -> None:
    limited = RetryAfter(seconds=7, reason="429", whole_account=True)
    mark = retrying.mark_of(claimed(failures=7), limited)

    assert (mark.state, mark.failures, mark.seconds) == (PartState.QUEUED, 7, 7)
    assert retrying.pause_of(limited) == 7
    assert retrying.pause_of(RetryAfter(seconds=7, reason="429")) is None


def test_an_answer_of_yesterday_is_not_sent_any_more() -> None:
    old = claimed(age=retrying.MAX_AGE_SECONDS)

    assert retrying.mark_of(old, RetryAfter(seconds=1, reason="429")).state is PartState.DEAD


def test_a_part_that_came_too_late_waits_for_nothing() -> None:
    mark = retrying.put_back(claimed(failures=3))

    assert (mark.state, mark.failures, mark.seconds) == (PartState.QUEUED, 3, 0)
