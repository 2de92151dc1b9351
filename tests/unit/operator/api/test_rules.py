"""The rules in Python say what the rules in crds/ say."""

import pytest

from polyant_operator.api.errors import InvalidInstance
from polyant_operator.api.instance import parse
from support.refusal import Refusal, instance
from support.refusals import REFUSALS

CASES = pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.name)


@CASES
def test_a_broken_rule_names_place_problem_and_cure(case: Refusal) -> None:
    with pytest.raises(InvalidInstance) as caught:
        parse(instance(case.refused, case.instance))

    assert [(case.path, case.text)] == [(error.path, error.text) for error in caught.value.errors]


@CASES
def test_a_kept_rule_refuses_nothing(case: Refusal) -> None:
    parse(instance(case.accepted, case.accepted_instance))
