"""Fights over an object: free at first, then with growing pauses, and forgotten after a while."""

from polyant_operator.kube.fights import FREE, Fights
from polyant_operator.kube.kinds import SERVICE, Ref

REF, OTHER = Ref(SERVICE, "ns", "a"), Ref(SERVICE, "ns", "b")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_few_repairs_in_a_row_are_free_and_then_pauses_grow_to_five_minutes() -> None:
    clock = Clock()
    fights = Fights(clock)
    for _ in range(FREE):
        assert fights.left(REF) == 0
        fights.repaired(REF)

    pauses = []
    for _ in range(8):
        pauses.append(fights.left(REF))
        clock.now += fights.left(REF)
        fights.repaired(REF)

    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300]
    assert fights.left(OTHER) == 0


def test_an_object_that_is_left_in_peace_for_ten_minutes_starts_anew() -> None:
    clock = Clock()
    fights = Fights(clock)
    for _ in range(FREE + 3):
        fights.repaired(REF)

    clock.now = 601

    assert fights.left(REF) == 0
    assert fights.repairs(REF) == 0
