"""The model's Markdown as Telegram shows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyant_engine.channels.telegram.entities import Formatted, Kind, units
from polyant_engine.channels.telegram.markdown import formatted

DOG = "🐕"


def shown(found: Formatted) -> list[tuple[str, str]]:
    """Each entity's name and the text it covers, as the vendor counts."""
    raw = found.text.encode("utf-16-le")
    return [
        (entity.kind.value, raw[entity.offset * 2 : entity.end * 2].decode("utf-16-le"))
        for entity in found.entities
    ]


@pytest.mark.parametrize(
    ("markdown", "text", "looks"),
    [
        ("plain", "plain", []),
        ("**bold** _it_", "bold it", [("bold", "bold"), ("italic", "it")]),
        ("~~gone~~", "gone", [("strikethrough", "gone")]),
        (f"{DOG}**b**", f"{DOG}b", [("bold", "b")]),
        ("# Title\n\ntext", "Title\n\ntext", [("bold", "Title")]),
        ("a `x*y*` b", "a x*y* b", [("code", "x*y*")]),
        ("**a `c` b**", "a c b", [("bold", "a "), ("code", "c"), ("bold", " b")]),
        ("```py\nx = 1\n```", "x = 1", [("pre", "x = 1")]),
        ("> a\n>\n> > b", "a\n\nb", [("blockquote", "a\n\nb")]),
        ("- a\n- b\n  - c", "• a\n• b\n  ◦ c", []),
        ("3. a\n4. b", "3. a\n4. b", []),
        ("a\n\n---\n\nb", "a\n\n——————\n\nb", []),
        ("[t](https://x.y)", "t", [("text_link", "t")]),
        ("[`t`](https://x.y)", "t", [("text_link", "t")]),
        ("[t](mailto:a@b.c)", "t (mailto:a@b.c)", []),
        ("![cat](https://x.y/c.png)", "cat", [("text_link", "cat")]),
        ("<b>no</b> & &amp;", "<b>no</b> & &", []),
        ("snake_case_name 2*3*4", "snake_case_name 234", [("italic", "3")]),
        ("| a | b |\n|---|---|\n| 1 | 22 |", "a | b\n--+---\n1 | 22", None),
        ("", "", []),
        ("```a", "```a", []),
        ("[t](javascript:x)", "[t](javascript:x)", []),
        ("half a pair \ud83d", "half a pair \ufffd", []),
        ("both halves \ud83d\udc15", f"both halves {DOG}", []),
    ],
)
def test_a_text_is_shown_as_it_was_meant(
    markdown: str, text: str, looks: list[tuple[str, str]] | None
) -> None:
    found = formatted(markdown)

    assert found.text == text
    assert shown(found) == (looks if looks is not None else [("pre", text)])


def test_the_language_of_code_and_the_target_of_a_link_are_told() -> None:
    code, link = formatted("```python title=x\n1\n```\n\n[t](https://x.y)").entities

    assert code.wire() == {"type": "pre", "offset": 0, "length": 1, "language": "python"}
    assert link.wire() == {"type": "text_link", "offset": 3, "length": 1, "url": "https://x.y"}


def test_sources_that_no_link_uses_stay_to_be_read() -> None:
    used = formatted("[a][1]\n\n[1]: https://x.y")
    unused = formatted("so it is\n\n[1]: https://x.y")

    assert used.text == "a"
    assert unused.text == "so it is\n\n[1]: https://x.y"


@pytest.mark.parametrize("mark", [">", "- ", "1. "])
def test_what_is_nested_too_deeply_is_sent_as_it_was_written(mark: str) -> None:
    markdown = mark * 200 + "treasure"

    assert "treasure" in formatted(markdown).text


WORDS = st.text("abäß🐕", min_size=1, max_size=6)
MARKS = st.sampled_from(
    ["**", "_", "`", "~~", "\n", "\n\n", "> ", "- ", "1. ", "# ", "```\n", "[", "](http://x)", "|"]
)


@given(st.lists(st.one_of(WORDS, MARKS), max_size=40).map(" ".join))
def test_no_word_is_lost_and_no_look_leaves_its_text(markdown: str) -> None:
    found = formatted(markdown)

    letters = [letter for letter in markdown if letter in "abäß🐕"]
    fence_words = markdown.count("```")  # the word behind a fence is its language
    if not fence_words:
        assert [letter for letter in found.text if letter in "abäß🐕"] == letters
    assert all(0 <= entity.offset < entity.end <= units(found.text) for entity in found.entities)
    assert [entity.offset for entity in found.entities] == sorted(
        entity.offset for entity in found.entities
    )


@given(st.text())
def test_any_text_can_be_formatted(markdown: str) -> None:
    formatted(markdown).text.encode()


def test_code_is_in_no_other_look_but_a_quotation() -> None:
    found = formatted("> **a `c` _`d`_**")
    fixed = [entity for entity in found.entities if entity.kind is Kind.CODE]
    others = [entity for entity in found.entities if entity.kind not in (Kind.CODE, Kind.QUOTE)]

    assert len(fixed) == 2
    assert not any(
        one.offset < other.end and other.offset < one.end for one in fixed for other in others
    )
