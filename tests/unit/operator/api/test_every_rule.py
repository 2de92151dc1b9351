"""No rule of the CRD is without a refused and an accepted object."""

import re
from collections.abc import Mapping

from dev.docs.crd_reference import words
from support.misfits import MOST_RULES
from support.refusals import REFUSALS
from support.schema import RULES, SPEC, nodes, rules

# Rules about a change need an object that is there: tests/integration/crd/test_objects.py.
TRANSITIONS = 3


def test_every_rule_has_a_pair_of_objects() -> None:
    told: dict[str, set[str]] = {}
    for place, rule in rules():
        if "oldSelf" not in rule["rule"]:
            told.setdefault(rule["rule"] + _pattern(rule), set()).add(place)
    untold = {
        rule for rule, places in told.items() if not any(_is_told(place, rule) for place in places)
    }

    assert (len(told) > 60, untold) == (True, set())


def test_rules_about_changes_are_counted() -> None:
    assert len([rule for _, rule in rules() if "oldSelf" in rule["rule"]]) == TRANSITIONS


def test_every_rule_of_a_single_value_is_broken_at_every_place() -> None:
    crowded = [
        node.path for node in nodes(SPEC) if node.is_leaf and len(_rules(node.schema)) > MOST_RULES
    ]

    assert crowded == []


def _is_told(place: str, rule: str) -> bool:
    where = re.escape(place).replace(r"\[\]", r"\[\d+\]")
    text = rule.rpartition("\0")[2]
    return any(
        re.fullmatch(where, case.path) and re.fullmatch(text, case.text) for case in REFUSALS
    )


def _pattern(rule: Mapping[str, str]) -> str:
    return "\0" + re.escape(words(rule)).replace(r"\.\.\.", ".*")


def _rules(schema: Mapping[str, object]) -> tuple[object, ...]:
    found = schema.get(RULES, ())
    return tuple(found) if isinstance(found, list) else ()
