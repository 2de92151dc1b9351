"""The plan of a run: a function of its seed, and every fault comes up."""

from support.chaos import faults, plan


def test_a_seed_gives_the_same_plan_again() -> None:
    first = list(plan.rounds(7, 50, 3, faults.EVERYWHERE))

    assert first == list(plan.rounds(7, 50, 3, faults.EVERYWHERE))
    assert first != list(plan.rounds(8, 50, 3, faults.EVERYWHERE))


def test_every_fault_comes_up() -> None:
    planned = plan.rounds(1, 1000, 3, faults.FAULTS)

    assert {blow.name for each in planned for blow in each.blows} == set(faults.FAULTS)


def test_a_plan_names_only_what_it_may_use() -> None:
    planned = list(plan.rounds(1, 100, 2, ["killed", "frozen"]))

    assert {blow.name for each in planned for blow in each.blows} == {"killed", "frozen"}
    assert {blow.number for each in planned for blow in each.blows} == {0, 1}


def test_a_round_can_be_read() -> None:
    first = next(iter(plan.rounds(1, 1, 1, ["killed"])))

    assert str(first).startswith("round 1: killed (")
