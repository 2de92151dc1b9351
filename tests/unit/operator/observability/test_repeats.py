"""The same line is logged once in ten minutes."""

import logging

from polyant_operator.observability.repeats import REPEAT_SECONDS, Repeats
from support.clock import FrozenClock


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("watching", logging.ERROR, __file__, 1, text, (), None)


def test_a_text_passes_once_and_again_when_it_is_old() -> None:
    clock = FrozenClock()
    repeats = Repeats(clock.monotonic)

    passed = [repeats.filter(record(text)) for text in ("a", "a", "b", "a")]
    clock.advance(REPEAT_SECONDS)

    assert passed == [True, False, True, False]
    assert repeats.filter(record("a"))


def test_only_the_last_texts_are_remembered() -> None:
    repeats = Repeats(FrozenClock().monotonic)
    repeats.filter(record("first"))
    for number in range(100):
        repeats.filter(record(str(number)))

    assert repeats.filter(record("first"))
