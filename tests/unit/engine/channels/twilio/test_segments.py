"""How many messages of the network a text is."""

import pytest

from polyant_engine.channels.twilio.segments import fits, segments, septets, typed


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("🙂" * 35, 1),
        ("🙂" * 36, 2),
        ("a" * 100 + "🙂", 2),
    ],
)
def test_segments_are_counted_as_networks_do(text: str, count: int) -> None:
    assert segments(text) == count


def test_what_phones_do_not_have_needs_the_other_alphabet() -> None:
    assert septets("äöüß ÄÖÜ Ñ") == 10
    assert septets("ç") is None


def test_fine_typography_does_not_double_the_price() -> None:
    fine = "“It\u2019s” \u2013 fine… • yes —————— no"

    assert typed(fine) == '"It\'s" - fine... - yes --- no'
    assert septets(typed(fine)) is not None


def test_ten_segments_are_the_most() -> None:
    assert fits("a" * 1530)
    assert not fits("a" * 1531)
    assert fits("ж" * 670)
    assert not fits("ж" * 671)
