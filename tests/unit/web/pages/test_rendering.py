"""Templates, static addresses, small filters."""

import hashlib
import re
from datetime import UTC, datetime

import pytest

from polyant_web.pages.rendering import STATIC, Renderer, day, hue, monogram

VENDOR = STATIC / "vendor"


def test_every_template_compiles() -> None:
    renderer = Renderer()

    for name in renderer._environment.list_templates():
        renderer._environment.get_template(name)


def test_vendored_files_are_unchanged_and_licensed() -> None:
    table = (VENDOR / "README.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"\| `([\w.]+)` \| [^|]+\| [^|]+\| [^|]*`([\w.]+)` \| `([0-9a-f]{64})` \|", table
    )
    listed = {name for row in rows for name in row[:2]}
    present = {path.name for path in VENDOR.iterdir()} - {"README.md"}

    assert listed == present
    for name, _, checksum in rows:
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == checksum


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Support Desk", "SD"), ("desk", "DE"), ("a", "A"), ("", "?"), ("-- !", "?"), ("é-x y", "ÉX")],
)
def test_a_monogram_stands_for_any_name(name: str, letters: str) -> None:
    assert monogram(name) == letters


def test_a_colour_is_for_life() -> None:
    assert [hue("desk"), hue("desk")] == [hue("desk")] * 2
    assert {hue(f"agent-{number}") for number in range(20)} == set(range(6))


def test_a_day_reads_well() -> None:
    assert day(datetime(2026, 3, 1, tzinfo=UTC)) == "1 Mar 2026"
