"""Waiting by a clock that nobody sets."""

from polyant_operator.reconcile.waits import Waits


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_wait_is_measured_from_when_the_fact_was_first_asked_about() -> None:
    clock = Clock()
    waits = Waits(clock)
    assert waits.seconds("a") == 0

    clock.now = 30
    assert waits.seconds("a") == 30
    assert waits.seconds("b") == 0
    waits.over("a")
    assert waits.seconds("a") == 0
