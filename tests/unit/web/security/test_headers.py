"""Headers that close what browsers leave open."""

import re
from pathlib import Path

import pytest

from polyant_web.pages.rendering import PACKAGE
from polyant_web.security.headers import CONTENT_SECURITY_POLICY
from support.fake_engine import FakeEngine
from support.panel import Visitor

TEMPLATES = sorted((PACKAGE / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", ["/signin", "/agents", "/nowhere", "/health", "/static/app.js"])
async def test_every_answer_carries_the_policy(engine: FakeEngine, path: str) -> None:
    answer = await Visitor(engine).open(path)

    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"


def test_the_policy_allows_nothing_inline_and_nothing_foreign() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert "form-action 'self'" in CONTENT_SECURITY_POLICY
    assert "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_more_than_the_policy_allows(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:|hx-on", text)
    assert not re.findall(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text)


async def test_pages_are_not_stored(visitor: Visitor) -> None:
    await visitor.sign_in()

    assert (await visitor.open("/agents")).headers["cache-control"] == "no-store"


async def test_static_files_are_kept_for_ever_by_their_hash(visitor: Visitor) -> None:
    page = await visitor.open("/signin")
    found = re.search(r'href="(/static/tokens\.css\?v=[0-9a-f]{12})"', page.text)
    assert found

    answer = await visitor.open(found.group(1))

    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (await visitor.open("/static/app.js")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/static/../settings.py", "/static/%2e%2e/settings.py", "/static/..%2fsettings.py"]
)
async def test_nothing_beside_the_static_files_is_served(visitor: Visitor, path: str) -> None:
    assert (await visitor.open(path)).status_code == 404
