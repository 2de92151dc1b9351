"""The parameters of a webhook as an inbound event: a message for the agent, or ignored, and why."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from polyant_engine.channels.model import Address, Attachment, AttachmentKind, Event, Inbound
from polyant_engine.channels.twilio.configuration import WHATSAPP, Configuration
from polyant_engine.channels.twilio.words import Word

MOST_MEDIA = 10
LONGEST_TEXT = 10_000  # characters; the vendor cuts at 1,600

_SID = re.compile(r"[A-Za-z]{2}[0-9A-Za-z]{8,62}")
_PERSON = re.compile(r"(whatsapp:)?\+[1-9]\d{3,14}")
_MEDIA_TYPE = re.compile(r"[ -~]{1,100}")
_HOSTS = ("twilio.com", "twiliocdn.com")


def message_id(parameters: Mapping[str, str]) -> str | None:
    """Return the MessageSid; none: this is no message."""
    found = parameters.get("MessageSid", "")
    return found if _SID.fullmatch(found) else None


def read(
    sid: str, parameters: Mapping[str, str], configuration: Configuration, vendor: str
) -> Inbound:
    """Return what a webhook means; `vendor` is the URL of the API, where media may lie too."""
    media = tuple(_attachments(parameters, vendor))
    text = _said(parameters)
    reason = _reason(parameters, configuration, has_content=bool(text.strip() or media))
    if reason is not None:
        return Inbound(dedupe_key=sid, event=Event.IGNORED, reason=reason, message_id=sid)
    person = parameters["From"]
    return Inbound(
        dedupe_key=sid,
        event=Event.MESSAGE,
        address=Address(chat=person),
        text=text,
        attachments=media,
        sender_id=person,
        sender_name=parameters.get("ProfileName", "")[:200],
        message_id=sid,
    )


def silenced(event: Inbound, word: Word, *, is_opted_out: bool) -> Inbound:
    """Return the event as it is after opt-out words: an ignored one where no answer is wanted."""
    reasons = {Word.STOP: "opt-out", Word.HELP: "help"}
    reason = reasons.get(word, "opted-out" if is_opted_out else "")
    if not reason or event.event is Event.IGNORED:
        return event
    return Inbound(
        dedupe_key=event.dedupe_key,
        event=Event.IGNORED,
        address=event.address,
        sender_id=event.sender_id,
        message_id=event.message_id,
        reason=reason,
    )


def is_vendors(url: str, vendor: str) -> bool:
    """Tell whether credentials may go to a URL: Twilio's own hosts, encrypted."""
    try:
        parts, known = urlsplit(url), urlsplit(vendor)
        port = parts.port
    except ValueError:
        return False
    if (parts.scheme, parts.hostname, port) == (known.scheme, known.hostname, known.port):
        return parts.username is None
    host = parts.hostname or ""
    ours = any(host == each or host.endswith(f".{each}") for each in _HOSTS)
    return parts.scheme == "https" and ours and port in (None, 443) and parts.username is None


def _reason(
    parameters: Mapping[str, str], configuration: Configuration, *, has_content: bool
) -> str | None:
    """Return why a message is not for the agent: the first that holds."""
    person = parameters.get("From", "")
    ours = configuration.sender(person)
    reasons = (
        # Short codes, names of senders, other messengers: nobody who could be answered.
        ("no-number", not _PERSON.fullmatch(person)),
        ("other-number", not ours or parameters.get("To", "") != ours),
        ("from-us", person.removeprefix(WHATSAPP) in (configuration.whatsapp, configuration.sms)),
        ("unsupported", not has_content),
    )
    return next((reason for reason, holds in reasons if holds), None)


def _said(parameters: Mapping[str, str]) -> str:
    text = parameters.get("Body", "")[:LONGEST_TEXT]
    latitude, longitude = parameters.get("Latitude", ""), parameters.get("Longitude", "")
    if not latitude or not longitude:
        return text
    named = (parameters.get("Label", ""), parameters.get("Address", ""))
    place = ", ".join(each[:300] for each in named if each)
    where = f"Location: {latitude[:30]}, {longitude[:30]}" + (f" ({place})" if place else "")
    return f"{text}\n{where}" if text.strip() else where


def _attachments(parameters: Mapping[str, str], vendor: str) -> Iterator[Attachment]:
    for number in range(_count(parameters)):
        url = parameters.get(f"MediaUrl{number}", "")
        said = parameters.get(f"MediaContentType{number}", "").lower()
        kind = said if _MEDIA_TYPE.fullmatch(said) else ""
        if is_vendors(url, vendor):
            yield Attachment(kind=_kind(kind), reference=url, media_type=kind or None)


def _count(parameters: Mapping[str, str]) -> int:
    said = parameters.get("NumMedia", "")
    return min(int(said), MOST_MEDIA) if said.isdecimal() and len(said) < 6 else 0  # noqa: PLR2004  digits


def _kind(media_type: str) -> AttachmentKind:
    family = media_type.partition("/")[0]
    if media_type.startswith("audio/ogg"):  # what WhatsApp records
        return AttachmentKind.VOICE
    known = {
        "image": AttachmentKind.PHOTO,
        "audio": AttachmentKind.AUDIO,
        "video": AttachmentKind.VIDEO,
    }
    return known.get(family, AttachmentKind.DOCUMENT)
