"""Events as they come, and what is made of them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyant_engine.channels.model import Address, Attachment, AttachmentKind, Event, Inbound
from polyant_engine.channels.slack.configuration import Configuration, Groups
from polyant_engine.channels.slack.reading import Self, read

TEAM, BOT, ADA = "T1", "U0BOT", "U0ADA"
TS = "1700000000.000100"
MENTION = f"<@{BOT}> hello"
ANYBODY = Configuration()
FILE = {
    "id": "F1",
    "name": "a.png",
    "mimetype": "image/png",
    "size": 5,
    "url_private": "https://files.slack.com/files-pri/T1-F1/a.png",
    "url_private_download": "https://files.slack.com/files-pri/T1-F1/download/a.png",
}


def payload(around: dict[str, Any] | None = None, **event: Any) -> dict[str, Any]:
    said = {"type": "message", "channel": "C1", "user": ADA, "text": MENTION, "ts": TS, **event}
    return {
        "type": "event_callback",
        "team_id": TEAM,
        "event_id": "Ev1",
        "event": {name: value for name, value in said.items() if value is not None},
        "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True}],
        **(around or {}),
    }


def heard(configuration: Configuration = ANYBODY, **event: Any) -> Inbound:
    return read(payload(**event), configuration, Self(team=TEAM, user=BOT))


def direct(**event: Any) -> Inbound:
    return heard(**{"channel": "D1", "channel_type": "im", "text": "hi", **event})


def test_a_direct_message_is_answered_where_it_was_written() -> None:
    found = direct(text="a &lt; b")

    assert found == Inbound(
        dedupe_key=f"T1/D1/{TS}",
        event=Event.MESSAGE,
        address=Address(chat="D1"),
        text="a < b",
        sender_id=ADA,
        message_id=TS,
        occurred_at=datetime.fromtimestamp(1700000000.0001, UTC),
    )


def test_a_mention_in_a_channel_begins_a_thread() -> None:
    assert heard().text == "hello"
    assert heard().address == Address(chat="C1", thread=TS)
    assert heard(thread_ts="1600000000.000001").address == Address(
        chat="C1", thread="1600000000.000001"
    )


def test_a_thread_of_direct_messages_is_a_conversation_of_its_own() -> None:
    assert direct(thread_ts="1600000000.000001").address == Address(
        chat="D1", thread="1600000000.000001"
    )
    assert direct(thread_ts=TS).address == Address(chat="D1")


def test_both_events_of_a_mention_are_the_same() -> None:
    message = heard(channel_type="channel", client_msg_id="x")
    mention = heard(type="app_mention")

    assert message == mention
    assert message.event is Event.MESSAGE


def test_who_we_are_is_not_what_an_event_of_a_shared_channel_says() -> None:
    elsewhere = {"authorizations": [{"user_id": "U9OTHER", "is_bot": True}]}

    assert read(payload(elsewhere), ANYBODY, Self(team=TEAM, user=BOT)).event is Event.MESSAGE


def test_without_an_authorization_what_is_known_of_us_counts() -> None:
    without = payload({"authorizations": []})

    assert read(without, ANYBODY, Self(user=BOT)).event is Event.MESSAGE
    assert read(without, ANYBODY, Self()).reason == "not-addressed"


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"subtype": "message_changed", "hidden": True, "user": None}, "edited"),
        ({"subtype": "message_deleted", "hidden": True}, "deleted"),
        ({"edited": {"user": ADA, "ts": "1700000009.000000"}}, "edited"),
        ({"subtype": "bot_message", "user": None}, "from-bot"),
        ({"bot_id": "B1"}, "from-bot"),
        ({"user": BOT}, "from-bot"),
        ({"user": "USLACKBOT"}, "from-bot"),
        ({"user": None}, "from-bot"),
        ({"subtype": "channel_join"}, "membership"),
        ({"text": "", "channel_type": "im"}, "unsupported"),
        ({"text": None, "files": [{"id": "F1", "mode": "tombstone"}]}, "unsupported"),
        ({"text": "hello all"}, "not-addressed"),
        ({"text": "hello <@U0BOT2>"}, "not-addressed"),
        ({"ts": "now"}, "unreadable"),
        ({"channel": {"id": "C1"}}, "unreadable"),
        ({"files": [{"id": "F1", "size": -1}]}, "unreadable"),
        ({"type": "reaction_added"}, "unknown-kind"),
        ({"type": "app_uninstalled"}, "removed"),
    ],
)
def test_what_is_not_for_the_agent_is_ignored_with_the_reason(
    event: dict[str, Any], reason: str
) -> None:
    found = heard(**event)

    assert (found.event, found.reason) == (Event.IGNORED, reason)


def test_an_edit_does_not_hide_the_message_that_is_still_to_come() -> None:
    edited = heard(type="app_mention", edited={"user": ADA, "ts": "1700000009.000000"})

    assert edited.dedupe_key != heard().dedupe_key


@pytest.mark.parametrize("subtype", ["thread_broadcast", "me_message", "file_share"])
def test_what_people_say_in_other_forms_is_heard(subtype: str) -> None:
    assert heard(subtype=subtype).text == "hello"


def test_a_reply_in_the_apps_own_thread_needs_no_mention() -> None:
    reply: dict[str, Any] = {"text": "and then?", "thread_ts": "1600000000.000001"}

    assert heard(**reply, parent_user_id=BOT).event is Event.MESSAGE
    assert heard(**reply, parent_user_id="U2").reason == "not-addressed"


@pytest.mark.parametrize(
    ("groups", "text", "expected"),
    [
        (Groups.ALL, "hello all", Event.MESSAGE),
        (Groups.NONE, MENTION, Event.IGNORED),
        (Groups.MENTION, "hello all", Event.IGNORED),
    ],
)
def test_channels_are_answered_as_configured(groups: Groups, text: str, expected: Event) -> None:
    found = heard(Configuration(groups=groups), text=text)

    assert found.event is expected
    assert heard(Configuration(groups=groups), channel="D1", text="hi").event is Event.MESSAGE


def test_only_who_is_named_may_write() -> None:
    named = Configuration(allowed=frozenset({"U2"}))

    assert direct(configuration=named).reason == "not-allowed"
    assert direct(configuration=named, user="U2").event is Event.MESSAGE


@pytest.mark.parametrize(
    ("around", "team", "reason"),
    [
        ({"is_ext_shared_channel": True}, "T9", "not-allowed"),
        ({"is_ext_shared_channel": True}, TEAM, ""),
        ({}, "T9", ""),  # another workspace of the same organization
    ],
)
def test_people_of_other_organizations_are_no_colleagues(
    around: dict[str, Any], team: str, reason: str
) -> None:
    assert read(payload(around, user_team=team), ANYBODY, Self(team=TEAM)).reason == reason


def test_an_app_in_two_workspaces_answers_in_its_own() -> None:
    assert read(payload({"team_id": "T2"}), ANYBODY, Self(team=TEAM)).reason == "other-workspace"


def test_a_call_by_name_only_is_no_empty_message() -> None:
    assert heard(text=f"<@{BOT}>").text == "👋"


def test_files_stay_with_the_vendor_until_they_are_wanted() -> None:
    voice = {"id": "F2", "subtype": "slack_audio", "mimetype": "audio/mp4", "duration_ms": 2500}
    found = direct(text="", subtype="file_share", files=[FILE, voice])

    assert found.event is Event.MESSAGE
    assert found.attachments == (
        Attachment(
            kind=AttachmentKind.PHOTO,
            reference=FILE["url_private_download"],  # type: ignore[arg-type]  # a text
            media_type="image/png",
            name="a.png",
            size=5,
        ),
        Attachment(kind=AttachmentKind.VOICE, reference="F2", media_type="audio/mp4", seconds=2),
    )


def test_a_file_that_lies_elsewhere_is_a_link() -> None:
    drive = {"id": "F3", "title": "Plan", "is_external": True, "url_private": "https://d.e/f"}

    assert direct(files=[drive]).text == "hi\n\nPlan: https://d.e/f"
    assert not direct(files=[drive]).attachments


def test_a_forwarded_message_is_quoted_and_a_preview_is_not() -> None:
    shared = {"is_share": True, "text": "old &lt;words&gt;\nmore"}

    assert direct(attachments=[shared, {"text": "preview"}]).text == "> old <words>\n> more\n\nhi"


@pytest.mark.parametrize("text", ["a\x00b", "half \ud83d", "\u202eright to left", "🙂" * 4096])
def test_whatever_people_write_can_be_stored(text: str) -> None:
    found = direct(text=text)

    found.text.encode()
    assert "\x00" not in found.text
    assert found.event is Event.MESSAGE


@pytest.mark.parametrize(
    "wrong", [{}, {"team_id": 5}, {"team_id": TEAM, "event": []}, {"event": 1}]
)
def test_what_is_no_event_at_all_is_remembered_as_such(wrong: dict[str, Any]) -> None:
    found = read(wrong, ANYBODY, Self())

    assert found.event is Event.IGNORED
    assert found.reason in ("unreadable", "unknown-kind")


def test_what_is_nested_without_end_is_no_end() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"x": deep}

    assert read(deep, ANYBODY, Self()).reason == "unreadable"
    assert read({"team_id": TEAM, "event": deep}, ANYBODY, Self()).reason == "unknown-kind"


@pytest.mark.parametrize("name", ["x" * 101, "a\x00b", "\ud83d"])
def test_a_name_of_an_event_that_could_be_no_key_is_not_used(name: str) -> None:
    assert read(payload({"event_id": name}), ANYBODY, Self()).reason == "unreadable"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
AROUND = ("team_id", "event_id", "api_app_id", "authorizations", "is_ext_shared_channel", "type")
FIELDS = ("channel", "text", "user", "files", "attachments", "thread_ts", "edited", "subtype")


@given(
    st.dictionaries(st.sampled_from(FIELDS), JSON), st.dictionaries(st.sampled_from(AROUND), JSON)
)
def test_nothing_that_is_sent_raises(event: dict[str, Any], around: dict[str, Any]) -> None:
    read(payload(around, **event), ANYBODY, Self())
