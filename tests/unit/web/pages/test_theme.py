"""Light and dark."""

import re

import pytest

from polyant_web.pages.rendering import STATIC
from support.panel import Visitor


@pytest.mark.parametrize("theme", ["light", "dark", "system"])
async def test_a_chosen_theme_stays(visitor: Visitor, theme: str) -> None:
    await visitor.open("/signin")

    answer = await visitor.send("/theme", {"theme": theme, "next": "/signin"})

    assert answer.headers["location"] == "/signin"
    assert f'data-theme="{theme}"' in (await visitor.open("/signin")).text


async def test_the_switch_leads_back_to_the_page(visitor: Visitor) -> None:
    await visitor.sign_in()

    answer = await visitor.send("/theme", {"theme": "dark", "next": "/agents/new"})

    assert answer.headers["location"] == "/agents/new"


@pytest.mark.parametrize("wanted", ["https://evil.test", "//evil.test", "/signin@evil.test/x"])
async def test_the_switch_leads_nowhere_else(visitor: Visitor, wanted: str) -> None:
    await visitor.open("/signin")

    answer = await visitor.send("/theme", {"theme": "dark", "next": wanted})

    assert answer.headers["location"] in {"/agents", "/signin"}


async def test_an_unknown_theme_is_refused_and_an_old_cookie_is_harmless(visitor: Visitor) -> None:
    await visitor.open("/signin")

    assert (await visitor.send("/theme", {"theme": "pink"})).status_code == 400
    visitor.http.cookies["polyant_theme"] = '"><script>'
    assert 'data-theme="system"' in (await visitor.open("/signin")).text


def test_dark_by_choice_equals_dark_by_browser() -> None:
    text = (STATIC / "tokens.css").read_text(encoding="utf-8")
    preferred = re.search(r'not\(\[data-theme="light"\]\) \{(.*?)\n  \}', text, re.DOTALL)
    chosen = re.search(r'\n:root\[data-theme="dark"\] \{\n(.*?)\n\}', text, re.DOTALL)
    assert preferred
    assert chosen

    pattern = r"(--[\w-]+):\s*([^;]+);"
    assert re.findall(pattern, preferred.group(1)) == re.findall(pattern, chosen.group(1))
