"""When an installation counts as ready, and what is said on the way."""

from typing import Any

import pytest

from dev.up import conditions


def instance(status: str, *, seen: int = 2, generation: int = 2) -> dict[str, Any]:
    ready = {"type": "Ready", "status": status, "reason": "R", "observedGeneration": seen}
    return {
        "metadata": {"generation": generation},
        "status": {"observedGeneration": seen, "conditions": [ready]},
    }


def test_ready_is_ready() -> None:
    assert conditions.is_ready(instance("True"))


@pytest.mark.parametrize(
    "found",
    [
        instance("False"),
        instance("Unknown"),
        instance("True", seen=1),
        {"metadata": {"generation": 1}},
        {"metadata": {"generation": 1}, "status": {"observedGeneration": -1, "conditions": []}},
    ],
)
def test_anything_else_is_not(found: dict[str, Any]) -> None:
    assert not conditions.is_ready(found)
