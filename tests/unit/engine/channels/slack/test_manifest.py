"""The manifest that the page tells people to paste has what the channel needs."""

import json
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[5] / "docs/howto/slack.md"


def manifest() -> dict[str, Any]:
    found = re.search(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    made: dict[str, Any] = json.loads(found[1])
    return made


def test_every_event_that_is_asked_for_has_its_scope() -> None:
    settings = manifest()["settings"]
    scopes = set(manifest()["oauth_config"]["scopes"]["bot"])
    needed = {
        "app_mention": "app_mentions:read",
        "message.channels": "channels:history",
        "message.groups": "groups:history",
        "message.im": "im:history",
        "message.mpim": "mpim:history",
    }

    assert set(settings["event_subscriptions"]["bot_events"]) == needed.keys()
    assert scopes == {*needed.values(), "chat:write", "files:read"}


def test_people_can_write_to_it_and_its_token_lasts() -> None:
    home = manifest()["features"]["app_home"]
    settings = manifest()["settings"]

    assert home == {"messages_tab_enabled": True, "messages_tab_read_only_enabled": False}
    assert settings["socket_mode_enabled"]
    assert not settings["token_rotation_enabled"]
