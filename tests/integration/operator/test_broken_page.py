"""docs/reference/broken.md shows what people see when something is broken, word for word."""

import re
from pathlib import Path

import pytest

from support import apiserver, broken, operator_world
from support.broken import Situation

pytestmark = pytest.mark.integration

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "broken.md"
HEAD = """\
# What a broken instance says

Written by `pytest tests/integration/operator/test_broken_page.py --write-broken-page` from the running
operator, and compared with it by every test run. Each block is what `kubectl describe pinst acme` says
about Ready, about the aspects that aren't as they should be, and the event of that moment. All reasons
with cause and cure are in [conditions.md](conditions.md).
"""


def section(situation: Situation, text: str) -> str:
    return f"\n## {situation.title}\n\n{situation.story}\n\n```\n{text}\n```\n"


def kept() -> dict[str, str]:
    found = re.findall(
        r"^## (.+?)\n\n.+?\n\n```\n(.+?)\n```", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
    return dict(found)


@pytest.fixture(scope="module")
def is_writing(request: pytest.FixtureRequest) -> bool:
    if request.config.getoption("--write-broken-page"):
        PAGE.write_text(HEAD)
        return True
    return False


@pytest.mark.parametrize("situation", broken.SITUATIONS, ids=lambda each: each.title)
async def test_the_page_says_what_the_operator_says(
    server: apiserver.ApiServer, situation: Situation, *, is_writing: bool
) -> None:
    async with operator_world.world(server) as world:
        await situation.happens(world)
        text = await broken.shown(world)

    if is_writing:
        with PAGE.open("a") as page:
            page.write(section(situation, text))
    assert kept()[situation.title] == text
    assert "Events:\n" in text
    assert text.rpartition("Events:")[2].strip(), "the event names the cause too"
