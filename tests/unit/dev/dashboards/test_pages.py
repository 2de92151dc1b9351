"""The chart's dashboards are those that are written in `dev/dashboards`, and can be read."""

import json

import pytest

from dev.dashboards.__main__ import FOLDER, text_of
from dev.dashboards.pages import PAGES
from dev.dashboards.panels import COLUMNS, rendered


@pytest.mark.parametrize("name", PAGES)
def test_the_file_in_the_chart_is_up_to_date(name: str) -> None:
    """If not: python -m dev.dashboards."""
    assert (FOLDER / f"{name}.json").read_text() == text_of(name)


def test_there_are_no_other_files() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_panels_lie_side_by_side_and_never_on_each_other(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in rendered(PAGES[name])["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= COLUMNS
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("name", PAGES)
def test_every_panel_and_target_asks_the_chosen_source(name: str) -> None:
    page = rendered(PAGES[name])

    assert page["templating"]["list"][0]["name"] == "datasource"
    for panel in page["panels"]:
        for part in (panel, *panel["targets"]):
            assert part["datasource"]["uid"] == "${datasource}"
    assert len({panel["id"] for panel in page["panels"]}) == len(page["panels"])
    assert json.loads(text_of(name))["uid"] == page["uid"]
