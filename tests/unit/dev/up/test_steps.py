"""The tests run where NetworkPolicies have an effect, wherever that can be had."""

from types import SimpleNamespace
from typing import Any

import pytest

from dev.up import steps


class Network:
    """A provider in the eyes of this step."""

    def __init__(self, *, enforces: bool | None) -> None:
        self.enforces = enforces
        self.asked = False

    def enforces_policies(self) -> bool | None:
        return self.enforces

    def enforce_policies(self, _progress: object) -> None:
        self.asked = True


@pytest.mark.parametrize(("enforces", "asked"), [(False, True), (True, False), (None, False)])
def test_policies_are_switched_on_only_where_they_are_known_to_be_off(
    *, enforces: bool | None, asked: bool
) -> None:
    network = Network(enforces=enforces)
    world: Any = SimpleNamespace(provider=network, terminal=SimpleNamespace(say=print))

    steps.POLICIES.run(world)

    assert network.asked is asked


def test_the_tests_need_policies_and_a_trial_does_not() -> None:
    assert steps.POLICIES in steps.TESTS
    assert steps.POLICIES not in steps.UP
