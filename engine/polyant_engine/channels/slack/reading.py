"""An event as an inbound event: a message for the agent, or ignored with the reason.

A mention is told twice, as `message` and as `app_mention`, by two events that have only channel and
time in common: so these are the key, and both are read alike. Every event becomes one inbound event.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from polyant_engine.channels.model import Address, Attachment, AttachmentKind, Event, Inbound
from polyant_engine.channels.slack import mrkdwn
from polyant_engine.channels.slack.configuration import Configuration, Groups
from polyant_engine.channels.slack.wire import File, Message, Payload
from polyant_engine.channels.telegram.entities import encodable

LONGEST_QUOTE = 1000  # characters of a forwarded message that are shown to the agent
# Said by people; every other subtype is something that happened in a channel.
SAID = frozenset({None, "file_share", "thread_broadcast", "me_message"})
CHANGES = {"message_changed": "edited", "message_deleted": "deleted", "bot_message": "from-bot"}
REMOVALS = frozenset({"app_uninstalled", "tokens_revoked"})
# What a file was before: nothing can be fetched of it.
GONE = frozenset({"tombstone", "hidden_by_limit"})
ELSEWHERE = "external"


@dataclass(frozen=True, kw_only=True)
class Self:
    """Who the app is, where it is known; an event mostly says it too."""

    team: str = ""
    user: str = ""


def read(payload: Mapping[str, Any], configuration: Configuration, me: Self) -> Inbound:
    """Return what an event means; never raises for what is in it."""
    try:
        around = Payload.model_validate(payload)
    except ValidationError:
        return _ignored(_digest(payload), "unreadable")
    key = f"{around.team_id}/{around.event_id or _digest(payload)}"
    event = payload.get("event")
    kind = event.get("type") if isinstance(event, dict) else None
    if kind not in ("message", "app_mention"):
        return _ignored(key, "removed" if kind in REMOVALS else "unknown-kind")
    try:
        message = Message.model_validate(event)
    except ValidationError:
        return _ignored(key, "unreadable")
    return _read(around, message, configuration, me)


def _read(around: Payload, message: Message, configuration: Configuration, me: Self) -> Inbound:
    # In a shared channel an event may name the app's user of the other organization.
    user = me.user or around.bot_user
    reason = "other-workspace" if me.team not in ("", around.team_id) else None
    reason = reason or _reason(around, message, configuration, user)
    key = _key(around, message)
    return _ignored(key, reason, message) if reason else _message(key, message, user)


def _key(around: Payload, message: Message) -> str:
    """Return the same for both events of a mention, and something else for a change."""
    found = f"{around.team_id}/{message.channel}/{message.ts}"
    return f"{found}/{message.edited.ts}" if message.edited else found


def _ignored(key: str, reason: str, message: Message | None = None) -> Inbound:
    if message is None:
        return Inbound(dedupe_key=key, event=Event.IGNORED, reason=reason)
    return Inbound(
        dedupe_key=key,
        event=Event.IGNORED,
        address=_address(message),
        message_id=message.ts,
        reason=reason,
    )


def _digest(payload: Mapping[str, Any]) -> str:
    try:
        said = json.dumps(payload, sort_keys=True)
    except RecursionError:
        said = " ".join(sorted(payload))
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()


def _reason(
    around: Payload, message: Message, configuration: Configuration, user: str
) -> str | None:
    """Return why a message is not for the agent: the first that holds."""
    is_external = around.is_ext_shared_channel and message.writers_team not in (
        None,
        around.team_id,
    )
    admitted = configuration.admits(message.user or "", is_external=is_external)
    reasons = (
        (CHANGES.get(message.subtype or "", "membership"), message.subtype not in SAID),
        ("edited", message.edited is not None),
        ("from-bot", _is_from_bot(message, user)),
        ("unsupported", message.hidden or not _has_content(message)),
        ("not-allowed", not admitted),
        ("not-addressed", not _is_for_us(message, user, configuration.groups)),
    )
    return next((reason for reason, holds in reasons if holds), None)


def _is_from_bot(message: Message, user: str) -> bool:
    return bool(message.bot_id) or message.user in (None, "", "USLACKBOT", user)


def _is_for_us(message: Message, user: str, groups: Groups) -> bool:
    if message.is_direct or groups is Groups.ALL:
        return True
    if groups is Groups.NONE:
        return False
    is_reply = bool(user) and message.parent_user_id == user
    return is_reply or mrkdwn.names(message.text or "", user)


def _address(message: Message) -> Address:
    """Return where it is answered: a mention in a channel begins a thread."""
    thread = message.thread_ts or ("" if message.is_direct else message.ts)
    is_root = message.is_direct and thread == message.ts
    return Address(chat=message.channel, thread="" if is_root else thread)


def _message(key: str, message: Message, user: str) -> Inbound:
    return Inbound(
        dedupe_key=key,
        event=Event.MESSAGE,
        address=_address(message),
        text=_storable("\n\n".join(filter(None, _said(message, user)))),
        attachments=tuple(_attachments(message)),
        sender_id=_storable(message.user or ""),
        message_id=message.ts,
        occurred_at=_time(message.ts),
    )


def _said(message: Message, user: str) -> Iterator[str]:
    """Return what was forwarded, what was said, and where files are that lie elsewhere."""
    for quote in message.attachments:
        lines = mrkdwn.plain(quote.text or "")[:LONGEST_QUOTE].splitlines()
        if quote.is_share and lines:
            yield "\n".join(f"> {line}" for line in lines)
    text = message.text or ""
    # A name and nothing else is a call, which must not become an empty message.
    yield mrkdwn.plain(text, user) or (mrkdwn.plain(text) and "👋")
    for file in message.files:
        if _is_elsewhere(file):
            yield f"{file.title or file.name or 'File'}: {file.url_private}"


def _has_content(message: Message) -> bool:
    return bool(any(_said(message, "")) or any(_attachments(message)))


def _is_elsewhere(file: File) -> bool:
    return (file.is_external or file.mode == ELSEWHERE) and bool(file.url_private)


def _attachments(message: Message) -> Iterator[Attachment]:
    for file in message.files:
        if not (_is_elsewhere(file) or file.mode in GONE):
            yield Attachment(
                kind=_kind(file),
                # Files from shared channels come without an address; it is asked for later.
                reference=_storable(file.url or file.id),
                media_type=_storable(file.mimetype or "") or None,
                name=_storable(file.name or file.title or "") or None,
                size=file.size,
                seconds=None if file.duration_ms is None else file.duration_ms // 1000,
            )


def _kind(file: File) -> AttachmentKind:
    if file.subtype == "slack_audio":
        return AttachmentKind.VOICE
    kinds = {
        "image": AttachmentKind.PHOTO,
        "audio": AttachmentKind.AUDIO,
        "video": AttachmentKind.VIDEO,
    }
    return kinds.get((file.mimetype or "").partition("/")[0], AttachmentKind.DOCUMENT)


def _storable(text: str) -> str:
    return encodable(text).replace("\x00", "")


def _time(ts: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (OverflowError, ValueError, OSError):
        return None
