"""Which messages end and begin again what a contact hears."""

import pytest

from polyant_engine.channels.twilio.words import Word, word_of


@pytest.mark.parametrize("said", ["STOP", "stop", " Stop.\n", "STOPALL", "cancel", "END", "quit!"])
def test_the_vendors_words_stop(said: str) -> None:
    assert word_of({"Body": said}) is Word.STOP


@pytest.mark.parametrize("said", ["START", "unstop", "Yes"])
def test_the_vendors_words_start(said: str) -> None:
    assert word_of({"Body": said}) is Word.START


@pytest.mark.parametrize("said", ["", "please stop", "stop it", "don't", "STOPS", "start now"])
def test_a_word_among_others_is_none(said: str) -> None:
    assert word_of({"Body": said}) is Word.NONE


def test_what_the_vendor_made_of_it_counts() -> None:
    assert word_of({"Body": "ARRET", "OptOutType": "STOP"}) is Word.STOP
    assert word_of({"Body": "AIDE", "OptOutType": "HELP"}) is Word.HELP
    assert word_of({"Body": "STOP", "OptOutType": "odd"}) is Word.STOP
