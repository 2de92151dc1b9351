"""The API server refuses with the words of the table, at the field of the table."""

import pytest

from support.refusal import Refusal, instance
from support.refusals import REFUSALS
from support.resources import Refused, Resources, said

pytestmark = pytest.mark.integration

CASES = pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.name)


@CASES
def test_a_broken_rule_names_place_problem_and_cure(case: Refusal, shared: Resources) -> None:
    with pytest.raises(Refused) as caught:
        shared.create(instance(case.refused, case.instance), dry_run=True)

    assert [(case.path, case.text)] == [said(cause) for cause in caught.value.causes]


@CASES
def test_a_kept_rule_refuses_nothing(case: Refusal, shared: Resources) -> None:
    shared.create(instance(case.accepted, case.accepted_instance), dry_run=True)
