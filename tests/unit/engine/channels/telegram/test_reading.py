"""Updates as inbound events."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyant_engine.channels.model import AttachmentKind, Event, Inbound
from polyant_engine.channels.telegram.configuration import Configuration, Groups
from polyant_engine.channels.telegram.reading import read
from polyant_engine.channels.telegram.wire import Me

ME = Me(id=7, is_bot=True, first_name="Helper", username="helper_bot")
ADA = {"id": 5, "is_bot": False, "first_name": "Ada", "last_name": "L"}
PRIVATE = {"id": 5, "type": "private"}
GROUP = {"id": -100, "type": "supergroup", "title": "Team"}
EVERYBODY = Configuration()
ANSWERED = "answered"


def message(**content: Any) -> dict[str, Any]:
    return {"message_id": 3, "date": 1_700_000_000, "chat": PRIVATE, "from": ADA, **content}


def heard(configuration: Configuration = EVERYBODY, me: Me = ME, **content: Any) -> Inbound:
    return read({"update_id": 11, "message": message(**content)}, me, configuration)


def mark(kind: str, text: str, within: str, **more: Any) -> dict[str, Any]:
    offset = len(within[: within.index(text)].encode("utf-16-le")) // 2
    return {"type": kind, "offset": offset, "length": len(text), **more}


def group(text: str, *marks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"chat": GROUP, "text": text, "entities": list(marks), **more}


def test_a_text_becomes_a_message_for_the_agent() -> None:
    found = heard(text="hello 🙂")

    assert found.event is Event.MESSAGE
    assert (found.dedupe_key, found.message_id) == ("11.1700000000", "3")
    assert found.address is not None
    assert (found.address.chat, found.address.thread) == ("5", "")
    assert (found.text, found.sender_id, found.sender_name) == ("hello 🙂", "5", "Ada L")
    assert found.occurred_at is not None
    assert found.occurred_at.year == 2023


def test_the_largest_photo_is_taken_with_its_caption() -> None:
    sizes = [{"file_id": "s", "file_size": 1}, {"file_id": "l", "file_size": 9}]

    found = heard(photo=sizes, caption="look")

    assert found.text == "look"
    assert [(each.kind, each.reference, each.size) for each in found.attachments] == [
        (AttachmentKind.PHOTO, "l", 9)
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("document", AttachmentKind.DOCUMENT),
        ("voice", AttachmentKind.VOICE),
        ("audio", AttachmentKind.AUDIO),
        ("video", AttachmentKind.VIDEO),
        ("video_note", AttachmentKind.VIDEO),
    ],
)
def test_a_file_is_an_attachment_of_its_kind(name: str, kind: AttachmentKind) -> None:
    file = {"file_id": "f", "file_name": "a.b", "mime_type": "x/y", "duration": 4}

    (found,) = read(
        {"update_id": 11, "message": message(**{name: file})}, ME, EVERYBODY
    ).attachments

    assert (found.kind, found.reference, found.media_type) == (kind, "f", "x/y")
    assert (found.name, found.seconds) == ("a.b", 4)


def test_a_place_and_a_sticker_are_said_in_words() -> None:
    place = {"latitude": 52.5, "longitude": 13.4}

    assert heard(location=place).text == "Location: 52.5, 13.4"
    assert heard(sticker={"file_id": "x", "emoji": "🎉"}).text == "🎉"


def reason(found: Inbound) -> str:
    return found.reason if found.event is Event.IGNORED else ANSWERED


@pytest.mark.parametrize(
    ("expected", "content"),
    [
        ("unsupported", {"dice": {"value": 3}}),
        ("unsupported", {"text": " \n"}),
        ("unsupported", {"sticker": {"file_id": "x"}}),
        ("from-bot", {"text": "x", "from": {**ADA, "is_bot": True}}),
        ("from-bot", {"text": "x", "from": None}),
        ("migrated", {"migrate_to_chat_id": -5, "chat": GROUP}),
        ("migrated", {"migrate_from_chat_id": -5, "chat": GROUP}),
        ("channel-post", {"text": "x", "chat": {"id": -9, "type": "channel"}}),
        ("channel-post", {"text": "x", "chat": GROUP, "is_automatic_forward": True}),
        ("not-addressed", group("hello all")),
        ("not-addressed", group("@other hi", mark("mention", "@other", "@other hi"))),
        ("not-addressed", group("/go@other", mark("bot_command", "/go@other", "/go@other"))),
        (ANSWERED, group("/go", mark("bot_command", "/go", "/go"))),
        (ANSWERED, group("🙂 @Helper_Bot", mark("mention", "@Helper_Bot", "🙂 @Helper_Bot"))),
        (ANSWERED, group("hi", mark("text_mention", "hi", "hi", user={"id": 7}))),
        (ANSWERED, group("hi", reply_to_message=message(**{"from": {"id": 7, "is_bot": True}}))),
        ("not-addressed", group("hi", reply_to_message=message())),
    ],
)
def test_what_is_answered_and_what_is_not(expected: str, content: dict[str, Any]) -> None:
    assert reason(heard(**content)) == expected


def test_a_message_in_a_topic_that_the_bot_opened_is_no_reply_to_it() -> None:
    opened = message(message_id=40, **{"from": {"id": 7, "is_bot": True}})
    topic = {"message_thread_id": 40, "is_topic_message": True, "reply_to_message": opened}

    assert reason(heard(**group("hi", **topic))) == "not-addressed"
    address = heard(Configuration(groups=Groups.ALL), **group("hi", **topic)).address
    assert address is not None
    assert (address.chat, address.thread) == ("-100", "40")


def test_a_thread_number_outside_of_topics_makes_no_conversation_of_its_own() -> None:
    address = heard(text="hi", message_thread_id=9).address

    assert address is not None
    assert address.thread == ""


def test_without_privacy_mode_a_bare_command_may_be_for_another_bot() -> None:
    sees_all = ME.model_copy(update={"can_read_all_group_messages": True})

    assert reason(heard(me=sees_all, **group("/go", mark("bot_command", "/go", "/go")))) == (
        "not-addressed"
    )


def test_groups_can_be_answered_always_or_never() -> None:
    assert reason(heard(Configuration(groups=Groups.ALL), **group("hi"))) == ANSWERED
    named = group("@helper_bot", mark("mention", "@helper_bot", "@helper_bot"))
    assert reason(heard(Configuration(groups=Groups.NONE), **named)) == "not-addressed"


def test_who_is_not_on_the_list_is_not_answered() -> None:
    closed = Configuration(allowed=frozenset({6}))

    assert reason(heard(closed, text="hi")) == "not-allowed"
    assert reason(heard(Configuration(allowed=frozenset({5})), text="hi")) == ANSWERED


def test_an_administrator_who_writes_as_the_group_is_a_person() -> None:
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    found = heard(
        Configuration(groups=Groups.ALL), **group("hi", sender_chat=GROUP, **{"from": anonymous})
    )

    assert (found.event, found.sender_id, found.sender_name) == (Event.MESSAGE, "-100", "Team")


@pytest.mark.parametrize(
    ("text", "kind", "marked", "said"),
    [
        ("@helper_bot, what?", "mention", "@helper_bot", "what?"),
        ("@helper_bot", "mention", "@helper_bot", "@helper_bot"),
        ("ask @helper_bot", "mention", "@helper_bot", "ask @helper_bot"),
        ("/sum@helper_bot 1 2", "bot_command", "/sum@helper_bot", "/sum 1 2"),
        ("/start", "bot_command", "/start", "/start"),
    ],
)
def test_the_bot_is_not_told_its_own_name(text: str, kind: str, marked: str, said: str) -> None:
    assert heard(**group(text, mark(kind, marked, text))).text == said


def test_what_somebody_else_said_is_quoted() -> None:
    replied = message(text="one\ntwo", **{"from": {"id": 8, "first_name": "Bob"}})

    assert heard(text="why?", reply_to_message=replied).text == "> one\n> two\n\nwhy?"
    assert heard(text="why?", quote={"text": "two"}).text == "> two\n\nwhy?"


def test_what_the_agent_said_itself_is_not() -> None:
    own = message(text="long answer", **{"from": {"id": 7, "is_bot": True}})

    assert heard(text="why?", reply_to_message=own).text == "why?"


def test_an_edit_is_remembered_and_not_answered() -> None:
    update = {"update_id": 11, "edited_message": message(text="hi", edit_date=1_700_000_009)}

    found = read(update, ME, EVERYBODY)

    assert (reason(found), found.dedupe_key, found.message_id) == ("edited", "11.1700000009", "3")


@pytest.mark.parametrize(
    ("expected", "update"),
    [
        ("unknown-kind", {"callback_query": {"id": "1"}}),
        ("unknown-kind", {"made_up_in_2030": {"date": 3}}),
        ("unknown-kind", {}),
        ("removed", {"my_chat_member": {"new_chat_member": {"status": "kicked"}}}),
        ("membership", {"my_chat_member": {"new_chat_member": {"status": "member"}}}),
        ("membership", {"my_chat_member": {"new_chat_member": 5}}),
        ("unreadable", {"message": {"chat": 5}}),
        ("unreadable", {"message": None}),
        ("unreadable", {"message": message(chat={"id": 10**400, "type": "private"})}),
        ("unreadable", {"message": message(date=10**400)}),
        ("unreadable", {"message": message(chat={"id": "x" * 99, "type": "private"})}),
    ],
)
def test_other_kinds_are_ignored_with_a_reason(expected: str, update: dict[str, Any]) -> None:
    assert reason(read({"update_id": 11, **update}, ME, EVERYBODY)) == expected


def test_the_same_id_after_an_idle_week_is_another_update() -> None:
    first = heard(text="old", date=1_700_000_000)

    assert heard(text="new", date=1_701_000_000).dedupe_key != first.dedupe_key


def test_text_that_no_database_takes_is_cleaned() -> None:
    assert heard(text="a\x00b\ud83d").text == "ab\ufffd"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [*message(), "text", "entities", "photo", "offset", "reply_to_message"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(["message", "edited_message", "my_chat_member", "x"]), JSON)
def test_nothing_that_an_update_holds_is_an_error(kind: str, body: Any) -> None:
    assert read({"update_id": 1, kind: body}, ME, EVERYBODY).dedupe_key.startswith("1")


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "text",
                "caption",
                "entities",
                "date",
                "photo",
                "quote",
                "message_thread_id",
                "reply_to_message",
                "location",
                "is_topic_message",
                "chat",
            ]
        ),
        JSON,
    )
)
def test_no_odd_field_of_a_message_is_an_error(content: dict[str, Any]) -> None:
    read({"update_id": 1, "message": message(**content)}, ME, EVERYBODY)
