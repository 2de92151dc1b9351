"""Replies as messages of WhatsApp and SMS: markup, lengths, nothing lost."""

import re

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from polyant_engine.channels.telegram.entities import units
from polyant_engine.channels.twilio import segments
from polyant_engine.channels.twilio.rendering import LONGEST, TwilioRenderer

SMS = "+491701234567"
RENDERER = TwilioRenderer()


def whatsapp(markdown: str) -> str:
    (content,) = RENDERER.render(markdown)
    return content.text


def sms(markdown: str) -> str:
    (content,) = RENDERER.render(markdown, SMS)
    return content.text


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("plain", "plain"),
        ("**bold** and *it* and ~~gone~~", "*bold* and _it_ and ~gone~"),
        ("***both***", "*_both_*"),
        ("**bold *and it* too**", "*bold _and it_ too*"),
        ("# Title\n\ntext", "*Title*\n\ntext"),
        ("call `f(x)` now", "call `f(x)` now"),
        ("```python\nx = 1\n  y = 2\n```", "```x = 1\n  y = 2```"),
        ("    indented\n    more", "```indented\nmore```"),
        ("> quoted\n> twice", "> quoted\n> twice"),
        ("> one\n>\n> two\n\nafter", "> one\n\n> two\n\nafter"),
        ("- a\n- b", "• a\n• b"),
        ("1. a\n2. b", "1. a\n2. b"),
        ("[words](https://a.example/x)", "words (https://a.example/x)"),
        ("<https://a.example/x>", "https://a.example/x"),
        ("[https://a.example](https://a.example)", "https://a.example"),
        ("**[w](https://a.example)** 🙂 *x*", "*w* (https://a.example) 🙂 _x_"),
        ("👍 **bold** 👍", "👍 *bold* 👍"),
        ("**one\ntwo**", "*one*\n*two*"),
    ],
)
def test_markdown_becomes_the_markup_of_whatsapp(markdown: str, shown: str) -> None:
    assert whatsapp(markdown) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("in**si**de", "inside"),
        ("**2 * 3**", "2 * 3"),
        ("`a ``", "`a ``"),
        ("***", "——————"),
    ],
)
def test_marks_that_the_apps_would_not_read_are_left_out(markdown: str, shown: str) -> None:
    assert whatsapp(markdown) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**bold** _it_ ~~s~~ `c`", "bold it s c"),
        ("# T\n\n- a\n- b", "T\n\n- a\n- b"),
        ("[w](https://a.example)", "w (https://a.example)"),
        ("“quoted”", '"quoted"'),
        ("```\nx = {1}\n```", "x = {1}"),
    ],
)
def test_an_sms_is_plain(markdown: str, shown: str) -> None:
    assert sms(markdown) == shown


def test_an_empty_reply_is_no_message() -> None:
    assert list(RENDERER.render(" \n")) == []
    assert list(RENDERER.render("", SMS)) == []


def test_a_part_says_the_same_as_an_sms_would() -> None:
    (content,) = RENDERER.render("**bold** \u2013 yes")

    assert content.formatting == {"plain": "bold - yes"}


def test_marks_count_when_a_reply_is_cut() -> None:
    contents = RENDERER.render(" ".join(f"**w{number}**" for number in range(900)))

    assert len(contents) > 3
    assert all(units(content.text) <= LONGEST for content in contents)
    words = re.findall(r"\*w(\d+)\*", " ".join(content.text for content in contents))
    assert [int(word) for word in words] == list(range(900))


def test_a_block_of_code_goes_on_in_the_next_message() -> None:
    contents = RENDERER.render("```\n" + "x = 1\n" * 500 + "```")

    assert len(contents) > 1
    assert all(c.text.startswith("```") and c.text.endswith("```") for c in contents)


@pytest.mark.parametrize("letter", ["👨‍👩‍👧‍👦", "🙂", "é", "ж", "🇩🇪"])
@pytest.mark.parametrize("chat", ["whatsapp:+491", SMS])
def test_no_letter_is_cut(letter: str, chat: str) -> None:
    contents = RENDERER.render(letter * 3000, chat)

    assert "".join(content.text for content in contents) == letter * 3000
    for content in contents:
        assert set(regex.findall(r"\X", content.text)) == {letter}


def test_an_sms_is_as_long_as_carriers_take() -> None:
    latin = RENDERER.render("word " * 600, SMS)
    other = RENDERER.render("слово " * 600, SMS)

    assert all(segments.fits(content.text) for content in (*latin, *other))
    assert len(latin) == 2
    assert len(other) == 6


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(["**b**", "_i_", "`c`", "\n\n", "word", "🙂", "> q\n", "- l\n", "~~s~~ "]),
        max_size=400,
    ).map(" ".join)
)
def test_every_message_is_short_enough(markdown: str) -> None:
    assert all(units(content.text) <= LONGEST for content in RENDERER.render(markdown))
    assert all(segments.fits(content.text) for content in RENDERER.render(markdown, SMS))
