"""What examples and pages show to people is accepted by the API server, without a default in the way."""

from typing import Any

import pytest

from polyant_operator.api.instance import parse
from support import shown
from support.resources import Resources

pytestmark = pytest.mark.integration

SHOWN = shown.instances()


@pytest.mark.parametrize(("place", "body"), SHOWN, ids=[place for place, _ in SHOWN])
def test_a_shown_instance_is_accepted(place: str, body: dict[str, Any], shared: Resources) -> None:
    stored = shared.create(body, dry_run=True)

    assert parse(stored).spec == parse(body).spec, place
