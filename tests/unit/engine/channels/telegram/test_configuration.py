"""What an administrator enters."""

import pytest

from polyant_engine.channels.telegram.configuration import Groups, bot_id, configuration
from polyant_engine.core.errors import BadRequest

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


def test_the_bot_is_known_by_the_first_part_of_its_token() -> None:
    assert bot_id({"botToken": f" {TOKEN}\n"}) == "123456789"


@pytest.mark.parametrize(
    ("secrets", "words"),
    [({}, "missing"), ({"botToken": " "}, "missing"), ({"botToken": "hunter2"}, "no token")],
)
def test_a_token_that_cannot_be_right_is_refused(secrets: dict[str, str], words: str) -> None:
    with pytest.raises(BadRequest, match=f"{words}.*BotFather") as refused:
        bot_id(secrets)

    assert refused.value.param == "botToken"
    assert "hunter2" not in refused.value.message


def test_people_are_listed_with_commas_or_as_a_list() -> None:
    assert configuration({"allowedUserIds": " 1, 22,"}).allowed == frozenset({1, 22})
    assert configuration({"allowedUserIds": [1, "22"]}).allowed == frozenset({1, 22})


@pytest.mark.parametrize("empty", [{}, {"allowedUserIds": ""}, {"allowedUserIds": None}])
def test_no_list_admits_everybody(empty: dict[str, object]) -> None:
    assert configuration(empty).admits(5)


def test_an_id_that_is_none_is_named() -> None:
    with pytest.raises(BadRequest, match=r"'@ada'.*numbers"):
        configuration({"allowedUserIds": "1,@ada"})


def test_groups_has_three_settings() -> None:
    assert configuration({"groups": "all"}).groups is Groups.ALL
    with pytest.raises(BadRequest, match="mention, all, none"):
        configuration({"groups": "some"})
