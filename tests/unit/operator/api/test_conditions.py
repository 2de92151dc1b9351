"""Reasons are API: each is one word, with a cause and a cure."""

import re

import pytest

from polyant_operator.api.conditions import ConditionType, Reason


@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_is_one_word_with_cause_and_cure(reason: Reason) -> None:
    sentences = [reason.cause, reason.cure]

    assert re.fullmatch(r"[A-Z][A-Za-z]+", reason)
    assert [text for text in sentences if not re.fullmatch(r"[A-Za-z].+\.", text)] == []


def test_no_reason_is_there_twice() -> None:
    """An enum would quietly make the second an alias of the first."""
    assert len(Reason) == len(Reason.__members__)


def test_a_reason_prints_as_its_word() -> None:
    assert f"{Reason.NAME_CONFLICT}" == "NameConflict"


def test_the_condition_types_are_those_of_the_design() -> None:
    assert set(ConditionType) == {
        "ChannelsActive", "DatabaseReady", "EdgeReady", "EngineAvailable", "Migrated", "Paused",
        "Ready", "Reconciling", "SecretsReady", "Stalled", "WebAvailable",
    }  # fmt: skip
