"""Messages short enough for Telegram."""

import regex
from hypothesis import given
from hypothesis import strategies as st

from polyant_engine.channels.telegram.entities import Entity, Formatted, Kind, units
from polyant_engine.channels.telegram.markdown import formatted
from polyant_engine.channels.telegram.splitting import cut, split

FAMILY = "👨‍👩‍👧‍👦"


def texts(found: tuple[Formatted, ...]) -> list[str]:
    return [piece.text for piece in found]


def test_a_short_text_is_one_piece() -> None:
    text = Formatted("hello", (Entity(kind=Kind.BOLD, offset=0, length=5),))

    assert split(text) == (text,)


def test_nothing_and_only_space_is_no_message() -> None:
    assert split(Formatted("")) == ()
    assert split(Formatted(" \n" * 5000)) == ()


def test_it_is_cut_where_a_reader_pauses() -> None:
    assert texts(split(Formatted("One two three.\n\nFour five."), 20)) == [
        "One two three.\n\n",
        "Four five.",
    ]
    assert texts(split(Formatted("one two three\nfour five"), 20)) == [
        "one two three\n",
        "four five",
    ]
    assert texts(split(Formatted("One two three. Four five six"), 20)) == [
        "One two three. ",
        "Four five six",
    ]
    assert texts(split(Formatted("one two three four five six"), 20)) == [
        "one two three four ",
        "five six",
    ]


def test_a_word_longer_than_a_message_is_cut_between_graphemes() -> None:
    pieces = split(Formatted(FAMILY * 1000), 4096)

    assert "".join(texts(pieces)) == FAMILY * 1000
    assert all(set(regex.findall(r"\X", piece.text)) == {FAMILY} for piece in pieces)


def test_4096_emoji_are_two_messages() -> None:
    pieces = split(Formatted("😀" * 4096))

    assert [units(piece.text) for piece in pieces] == [4096, 4096]


def test_a_grapheme_longer_than_a_message_is_cut_all_the_same() -> None:
    zalgo = "a" + "\u0301" * 9000

    pieces = split(Formatted(zalgo))

    assert "".join(texts(pieces)) == zalgo
    assert max(units(piece.text) for piece in pieces) <= 4096


def test_code_longer_than_a_message_goes_on_as_code_from_a_new_line() -> None:
    code = "\n".join(f"    line {number}" for number in range(1000))

    pieces = split(formatted(f"Look:\n\n```py\n{code}\n```\n\nDone."))

    assert len(pieces) > 2
    for piece in pieces[1:-1]:
        assert piece.text.startswith("    line ")
        assert piece.entities == (
            Entity(kind=Kind.BLOCK, offset=0, length=units(piece.text), language="py"),
        )


def test_code_that_fits_is_kept_whole() -> None:
    code = "\n".join(f"line {number}" for number in range(300))

    pieces = split(formatted(f"{'words ' * 300}\n\n```\n{code}\n```"))

    assert [entity.length for piece in pieces for entity in piece.entities] == [units(code)]


def test_no_message_has_more_looks_than_the_vendor_shows() -> None:
    pieces = split(formatted("**b** a " * 450))

    assert sum(len(piece.entities) for piece in pieces) == 450
    assert max(len(piece.entities) for piece in pieces) == 100


def test_a_long_answer_is_split_in_linear_time() -> None:
    answer = formatted("> " + "**b** a " * 1500)

    assert sum(len(piece.entities) for piece in split(answer)) >= 1500


ALPHABET = st.sampled_from(
    ["a", "bc", " ", "\n", "\n\n", ". ", "😀", FAMILY, "e\u0301", "。", "\t"]
)
TEXTS = st.lists(ALPHABET, max_size=60).map("".join)


@st.composite
def formatted_texts(draw: st.DrawFn) -> Formatted:
    """A text with entities that are nested or apart, as Markdown makes them."""
    text = draw(TEXTS)
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    entities: list[Entity] = []
    for first, last in zip(places[::2], places[1::2], strict=False):
        offset, end = units(text[:first]), units(text[:last])
        kinds = draw(st.sets(st.sampled_from(list(Kind)), max_size=2)) if end > offset else set()
        entities += [Entity(kind=kind, offset=offset, length=end - offset) for kind in kinds]
    return Formatted(text, tuple(entities))


@given(formatted_texts(), st.integers(2, 60), st.integers(1, 4))
def test_joined_the_pieces_are_the_text_and_each_fits(
    text: Formatted, longest: int, most: int
) -> None:
    pieces = split(text, longest, most)

    everything = tuple(cut(text, longest, most))
    assert "".join(texts(everything)) == text.text
    assert pieces == tuple(piece for piece in everything if piece.text.strip())
    for piece in pieces:
        assert 0 < units(piece.text) <= longest
        assert len(piece.entities) <= most
        for entity in piece.entities:
            assert 0 <= entity.offset < entity.end <= units(piece.text)


@given(formatted_texts(), st.integers(24, 60))
def test_neither_a_short_look_nor_a_grapheme_is_cut(text: Formatted, longest: int) -> None:
    pieces = split(text, longest)

    short = [entity for entity in text.entities if entity.length <= longest]
    kept = [entity for piece in pieces for entity in piece.entities if entity.length <= longest]
    whole = {(entity.kind, entity.length) for entity in kept}
    blank_free = [
        entity
        for entity in short
        if text.text.encode("utf-16-le")[entity.offset * 2 : entity.end * 2]
        .decode("utf-16-le", "replace")
        .strip()
    ]
    assert all((entity.kind, entity.length) in whole for entity in blank_free)


@given(TEXTS, st.integers(24, 60))
def test_no_grapheme_is_cut(text: str, longest: int) -> None:
    pieces = split(Formatted(text), longest)

    graphemes = [each for each in regex.findall(r"\X", text) if each.strip()]
    assert [
        each for piece in pieces for each in regex.findall(r"\X", piece.text) if each.strip()
    ] == graphemes
