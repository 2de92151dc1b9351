"""What an administrator enters, and what is said of it when it cannot be right."""

from typing import Any

import pytest

from polyant_engine.channels.slack.configuration import (
    Groups,
    Mode,
    app_id,
    check_names,
    configuration,
)
from polyant_engine.core.errors import BadRequest

BOT = "xoxb-123456789012-123456789012-AbCdEfGhIjKlMnOpQrStUvWx"
APP = f"xapp-1-A012AB3CD-1234567890123-{'0f' * 32}"
SIGNING = "0123456789abcdef" * 2
EVENTS = {"mode": "events"}


def test_an_app_level_token_names_the_app() -> None:
    assert app_id({}, {"botToken": f" {BOT}\n", "appToken": APP}) == "A012AB3CD"


def test_without_sockets_the_app_is_named_by_hand_or_by_a_token_that_is_not_used() -> None:
    secrets = {"botToken": BOT, "signingSecret": SIGNING}

    assert app_id({**EVENTS, "appId": " A9Z8Y7X6 "}, secrets) == "A9Z8Y7X6"
    assert app_id(EVENTS, {**secrets, "appToken": APP}) == "A012AB3CD"


@pytest.mark.parametrize(
    ("settings", "secrets", "field", "said"),
    [
        ({}, {}, "botToken", "missing"),
        ({}, {"botToken": "xoxp-1-2-3-secret"}, "botToken", "xoxb-"),
        ({}, {"botToken": f"xoxe.{BOT}"}, "botToken", "rotation"),
        ({}, {"botToken": BOT}, "appToken", "connections:write"),
        ({}, {"botToken": BOT, "appToken": BOT}, "appToken", "xapp-"),
        (EVENTS, {"botToken": BOT}, "signingSecret", "Signing Secret"),
        (EVENTS, {"botToken": BOT, "signingSecret": "x"}, "signingSecret", "32 characters"),
        (EVENTS, {"botToken": BOT, "signingSecret": SIGNING}, "appId", "Basic Information"),
        (
            {**EVENTS, "appId": "helper"},
            {"botToken": BOT, "signingSecret": SIGNING},
            "appId",
            "'helper'",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_cure(
    settings: dict[str, Any], secrets: dict[str, str], field: str, said: str
) -> None:
    with pytest.raises(BadRequest) as wrong:
        app_id(settings, secrets)

    assert wrong.value.param == field
    assert wrong.value.message.startswith(field)
    assert said in wrong.value.message
    assert not any(len(each) > 1 and each in wrong.value.message for each in secrets.values())


@pytest.mark.parametrize(
    "settings", [{}, {"allowedUserIds": ""}, {"allowedUserIds": [], "mode": ""}]
)
def test_by_default_the_workspace_may_write_and_channels_have_to_mention(
    settings: dict[str, Any],
) -> None:
    found = configuration(settings)

    assert (found.mode, found.groups) == (Mode.SOCKET, Groups.MENTION)
    assert found.admits("U1", is_external=False)
    assert not found.admits("U1", is_external=True)


@pytest.mark.parametrize("slip", ["allowedUserId", "Mode", "bottoken"])
def test_a_slip_is_refused_before_it_opens_something(slip: str) -> None:
    with pytest.raises(BadRequest, match="allowedUserIds") as wrong:
        check_names({"mode": "socket", slip: "U1"})

    assert wrong.value.param == slip
    check_names({"mode": "socket", "groups": "all", "allowedUserIds": "", "appId": ""})


@pytest.mark.parametrize("value", ["U012AB3CD, W9ZZ", ["U012AB3CD", "W9ZZ"]])
def test_who_is_named_may_write_wherever_they_belong(value: Any) -> None:
    found = configuration({"allowedUserIds": value})

    assert found.admits("U012AB3CD", is_external=True)
    assert not found.admits("U2", is_external=False)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"mode": "poll"}, "socket, events"),
        ({"mode": ["socket"]}, "socket, events"),
        ({"groups": "some"}, "mention, all, none"),
        ({"allowedUserIds": "ada"}, "'ada'"),
        ({"allowedUserIds": 5}, "'5'"),
        ({"allowedUserIds": ["U1 ", {}]}, "'U1'"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest) as wrong:
        configuration(settings)

    assert said in wrong.value.message
