"""docs/reference/conditions.md says what the constants say, and nothing else."""

import re
from pathlib import Path

import pytest

from polyant_operator.api.conditions import ConditionType, Reason

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "conditions.md"


def rows() -> dict[str, tuple[str, str]]:
    """Cause and cure by reason, from the page's tables."""
    found = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", PAGE.read_text(), flags=re.MULTILINE)
    return {reason: (cause, cure) for reason, cause, cure in found}


@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_is_documented_with_its_cause_and_cure(reason: Reason) -> None:
    assert rows()[reason.value] == (reason.cause, reason.cure)


def test_no_reason_is_documented_that_does_not_exist() -> None:
    assert set(rows()) == {reason.value for reason in Reason}


@pytest.mark.parametrize("kind", list(ConditionType))
def test_a_condition_is_documented(kind: ConditionType) -> None:
    assert re.search(rf"^### {kind.value}$", PAGE.read_text(), flags=re.MULTILINE)
