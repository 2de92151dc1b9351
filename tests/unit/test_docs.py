"""The documentation keeps up with the code: commands, variables and links."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from dev.docs import environment
from dev.trial import options

ROOT = Path(__file__).parents[2]


@cache
def pages() -> tuple[Path, ...]:
    folders = [ROOT / name for name in ("docs", "examples", "charts", "dev", ".github")]
    found = [page for folder in folders for page in folder.rglob("*.md")]
    return tuple(sorted([*ROOT.glob("*.md"), *found]))


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text()
    return set(re.findall(r"^([a-z][a-z0-9-]*):", text, re.MULTILINE))


def links(page: Path) -> Iterator[tuple[str, str]]:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield path, anchor


def anchors(page: Path) -> set[str]:
    """Give the anchors that a code host makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.strip().replace(" ", "-") for heading in plain}


def broken(page: Path) -> Iterator[str]:
    for path, anchor in links(page):
        target = (page.parent / path) if path else page
        if not target.exists():
            yield path
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            yield f"{path}#{anchor}"


def test_every_make_target_is_shown_by_make_help() -> None:
    text = (ROOT / "Makefile").read_text()
    documented = set(re.findall(r"^([a-z0-9-]+):.*## ", text, re.MULTILINE))

    assert make_targets() == documented


def test_no_make_target_is_longer_than_three_lines() -> None:
    text = (ROOT / "Makefile").read_text()
    bodies = re.findall(r"^([a-z0-9-]+):.*\n((?:\t.*\n)+)", text, re.MULTILINE)

    assert [name for name, body in bodies if body.count("\n") > 3] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_named_make_target_exists(page: Path) -> None:
    named = set(re.findall(r"`(?:[A-Z]+=\S+ )?make ([a-z0-9-]+)", page.read_text()))

    assert set() == named - make_targets()


def test_the_environment_reference_is_up_to_date() -> None:
    """Mend it with: python -m dev.docs.environment."""
    assert environment.page() == environment.PAGE.read_text()


def test_every_option_of_the_trial_is_explained() -> None:
    text = (ROOT / "docs" / "howto" / "trial.md").read_text()
    known = {
        option
        for action in options.parser()._actions
        for option in action.option_strings
        if option not in {"-h", "--help"}
    }

    assert set() == {option for option in known if f"`{option}`" not in text}


def test_every_how_to_is_linked_from_the_readme_or_from_another_page() -> None:
    linked = {(page.parent / path).resolve() for page in pages() for path, _ in links(page) if path}
    howtos = set((ROOT / "docs" / "howto").glob("[a-z]*.md"))

    assert set() == {page.name for page in howtos if page not in linked}
