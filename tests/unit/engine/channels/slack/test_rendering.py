"""The model's Markdown as Slack shows it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyant_engine.channels.slack.rendering import LONGEST_TEXT, SlackRenderer

DOG = "🐕"
BOLD, ITALIC, CODE = {"bold": True}, {"italic": True}, {"code": True}


def elements(markdown: str) -> list[dict[str, Any]]:
    """What stands in the rich text of a short reply."""
    (content,) = SlackRenderer().render(markdown)
    (block,) = content.formatting["blocks"]
    assert block["type"] == "rich_text"
    found: list[dict[str, Any]] = block["elements"]
    return found


def words(markdown: str) -> list[tuple[str, Any]]:
    """The texts of the first element, with their styles."""
    return [(each["text"], each.get("style")) for each in elements(markdown)[0]["elements"]]


def fallback(markdown: str) -> str:
    return "".join(content.text for content in SlackRenderer().render(markdown))


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("plain", [("plain", None)]),
        (r"\*not bold\* 2 * 3", [("*not bold* 2 * 3", None)]),
        ("**b** _i_", [("b", BOLD), (" ", None), ("i", ITALIC)]),
        ("**b *i***", [("b ", BOLD), ("i", BOLD | ITALIC)]),
        (f"{DOG}**{DOG}**", [(DOG, None), (DOG, BOLD)]),
        ("a `x*<y>*`", [("a ", None), ("x*<y>*", CODE)]),
        ("~~s~~", [("s", {"strike": True})]),
        ("# Title", [("Title", BOLD)]),
        ("<!channel> & <@U1>", [("<!channel> & <@U1>", None)]),
        ("half a pair \ud83d", [("half a pair \ufffd", None)]),
    ],
)
def test_a_text_is_shown_as_it_was_meant(markdown: str, expected: list[tuple[str, Any]]) -> None:
    assert words(markdown) == expected


def test_blocks_stand_for_themselves_without_empty_lines_around() -> None:
    found = elements("one\n\n```py\nif a:\n    b\n```\n\n> two\n\n```\nc\n```\n```\nd\n```\nend")

    assert [each["type"].removeprefix("rich_text_") for each in found] == [
        "section",
        "preformatted",
        "quote",
        "preformatted",
        "preformatted",
        "section",
    ]
    assert [each["elements"][0]["text"] for each in found] == [
        "one",
        "if a:\n    b",
        "two",
        "c",
        "d",
        "end",
    ]


def test_code_in_a_quotation_is_code() -> None:
    assert [each["type"] for each in elements("> a\n> ```\n> b\n> ```\n> c")] == [
        "rich_text_quote",
        "rich_text_preformatted",
        "rich_text_quote",
    ]


@pytest.mark.parametrize(
    ("markdown", "links"),
    [
        ("[t](https://x.y/?a=1&b=2)", [("t", "https://x.y/?a=1&b=2")]),
        ("see https://x.y/a_b.", [("https://x.y/a_b", "https://x.y/a_b")]),
        ("(https://x.y), http://z", [("https://x.y", "https://x.y"), ("http://z", "http://z")]),
        ("`https://x.y`", []),
        ("[t](mailto:a@b.c)", []),
    ],
)
def test_links_can_be_followed(markdown: str, links: list[tuple[str, str]]) -> None:
    found = [each for each in elements(markdown)[0]["elements"] if each["type"] == "link"]

    assert [(each["text"], each["url"]) for each in found] == links


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**b** _i_ ~~s~~ `c`", "*b* _i_ ~s~ `c`"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("<!channel> <@U012345>", "&lt;!channel&gt; &lt;@U012345&gt;"),
        ("[a|b](https://x.y/c|d>e)", "<https://x.y/c%7Cd%3Ee|a|b>"),
        ("```\na < b\n```", "```\na &lt; b\n```"),
        ("> q\n> r", "> q\n> r"),
        ("**a\nb**", "*a*\n*b*"),
    ],
)
def test_the_fallback_is_escaped_markup(markdown: str, text: str) -> None:
    assert fallback(markdown) == text


def test_an_empty_reply_is_no_message() -> None:
    assert not SlackRenderer().render("")
    assert not SlackRenderer().render(" \n ")


def test_a_long_reply_is_cut_where_a_reader_pauses_and_code_stays_whole() -> None:
    code = "```\n" + "x = 1\n" * 300 + "```"
    contents = SlackRenderer().render(f"{'word ' * 500}\n\n{code}\n\nend")

    holding = [each for each in contents if "x = 1" in each.text]
    assert len(contents) > 1
    assert len(holding) == 1
    assert all(len(json.dumps(each.formatting["blocks"])) < 11_000 for each in contents)


def test_as_many_looks_as_a_reply_likes_stay_below_the_vendors_limit() -> None:
    contents = SlackRenderer().render(" ".join(f"**{number}**" for number in range(2000)))

    assert all(len(json.dumps(each.formatting["blocks"])) < 11_000 for each in contents)


@given(st.text(alphabet=st.sampled_from("a*_`>#- \n[]()<&|" + DOG + "\u0301"), max_size=300))
def test_whatever_is_written_no_element_is_empty_and_nothing_calls_anybody(markdown: str) -> None:
    for content in SlackRenderer().render(markdown):
        texts = [
            each["text"]
            for block in content.formatting["blocks"]
            for element in block["elements"]
            for each in element["elements"]
        ]
        assert texts
        assert all(texts)
        assert "<!" not in content.text
        assert "<@" not in content.text


@given(st.text(alphabet=st.sampled_from("ab \n" + DOG), min_size=1, max_size=9000))
def test_no_message_is_too_long(markdown: str) -> None:
    for content in SlackRenderer().render(markdown):
        assert len(content.text.encode("utf-16-le")) // 2 <= LONGEST_TEXT
