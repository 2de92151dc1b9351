"""What examples and pages show to people is accepted."""

from typing import Any

import pytest

from polyant_operator.api.instance import parse
from support import shown

SHOWN = shown.instances()


@pytest.mark.parametrize(
    ("place", "body"), SHOWN, ids=[f"{place}-{number}" for number, (place, _) in enumerate(SHOWN)]
)
def test_a_shown_instance_is_accepted(place: str, body: dict[str, Any]) -> None:
    assert parse(body).name, place


def test_quickstart_and_production_are_shown() -> None:
    folders = {place.split("/")[1] for place, _ in SHOWN if place.startswith("examples/")}

    assert {"quickstart", "production"} <= folders
