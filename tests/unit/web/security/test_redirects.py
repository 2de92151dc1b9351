"""Where `next` may lead."""

import pytest

from polyant_web.security.redirects import HOME, safe_next


@pytest.mark.parametrize("path", ["/agents", "/agents/new", "/playground/x?a=1", "/a//b"])
def test_a_path_of_ours_is_kept(path: str) -> None:
    assert safe_next(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "agents",
        "https://evil.test",
        "//evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/\t/evil.test",
        "/\n/evil.test",
        "javascript:alert(1)",
        "/signin",
        "/signout",
        "/theme",
    ],
)
def test_everything_else_leads_home(path: str | None) -> None:
    assert safe_next(path) == HOME
