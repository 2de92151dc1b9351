"""What a webhook means, whatever is in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyant_engine.channels.model import AttachmentKind, Event, Inbound
from polyant_engine.channels.twilio.api import VENDOR
from polyant_engine.channels.twilio.reading import is_vendors, message_id, read, silenced
from polyant_engine.channels.twilio.words import Word
from support.twilio_settings import NUMBER, configured

SID = "SM" + "a" * 32
ADA = "whatsapp:+491701234567"
MEDIA = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
CONFIGURATION = configured(smsNumber="+15550002222")


def heard(**said: str) -> Inbound:
    told = {"From": ADA, "To": f"whatsapp:{NUMBER}", "Body": "hello", "NumMedia": "0", **said}
    return read(SID, told, CONFIGURATION, VENDOR)


def test_a_message_is_one_of_its_sender() -> None:
    event = heard(ProfileName="Ada")

    assert (event.event, event.dedupe_key, event.message_id) == (Event.MESSAGE, SID, SID)
    assert event.address is not None
    assert (event.address.chat, event.sender_id, event.sender_name) == (ADA, ADA, "Ada")
    assert event.text == "hello"


def test_an_sms_has_an_address_of_its_own() -> None:
    event = heard(From="+491701234567", To="+15550002222")

    assert event.address is not None
    assert event.address.chat == "+491701234567"


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        ("image/jpeg", AttachmentKind.PHOTO),
        ("audio/ogg; codecs=opus", AttachmentKind.VOICE),
        ("audio/mpeg", AttachmentKind.AUDIO),
        ("video/mp4", AttachmentKind.VIDEO),
        ("application/pdf", AttachmentKind.DOCUMENT),
        ("", AttachmentKind.DOCUMENT),
    ],
)
def test_files_stay_with_the_vendor(kind: str, known: AttachmentKind) -> None:
    event = heard(Body="", NumMedia="1", MediaUrl0=MEDIA, MediaContentType0=kind)

    (file,) = event.attachments
    assert (file.kind, file.reference, file.media_type) == (known, MEDIA, kind or None)


@pytest.mark.parametrize("kind", ["\x00", "image/\x00png", "x" * 200, "größe"])
def test_an_odd_kind_of_file_is_no_kind(kind: str) -> None:
    (file,) = heard(NumMedia="1", MediaUrl0=MEDIA, MediaContentType0=kind).attachments

    assert file.media_type is None


@pytest.mark.parametrize("count", ["", "x", "-1", "99999999999", "٣"])
def test_an_odd_number_of_files_is_none(count: str) -> None:
    event = heard(NumMedia=count, MediaUrl0=MEDIA)

    assert len(event.attachments) in (0, 1)


def test_no_more_than_ten_files_are_taken() -> None:
    files = {f"MediaUrl{number}": MEDIA for number in range(30)}

    assert len(heard(NumMedia="30", **files).attachments) == 10


@pytest.mark.parametrize(
    "url",
    [
        "http://api.twilio.com/x",
        "https://api.twilio.com.evil.example/x",
        "https://eviltwilio.com/x",
        "https://api.twilio.com@evil.example/x",
        "https://user@api.twilio.com/x",
        "https://api.twilio.com:8080/x",
        "https://169.254.169.254/x",
        "file:///etc/passwd",
        "https://[broken/x",
        "https://api.twilio.com:99999/x",
        "",
    ],
)
def test_files_elsewhere_are_not_fetched_and_get_no_credentials(url: str) -> None:
    assert not is_vendors(url, VENDOR)
    assert not heard(NumMedia="1", MediaUrl0=url).attachments


@pytest.mark.parametrize("url", [MEDIA, "https://mcs.us1.twilio.com/v1/x", "https://twilio.com/"])
def test_files_of_the_vendor_are(url: str) -> None:
    assert is_vendors(url, VENDOR)


def test_a_place_is_told_in_words() -> None:
    place = {"Latitude": "52.5", "Longitude": "13.4", "Label": "Home", "Address": "Street 1"}

    assert heard(Body="", **place).text == "Location: 52.5, 13.4 (Home, Street 1)"
    assert heard(Body="here", **place).text == "here\nLocation: 52.5, 13.4 (Home, Street 1)"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"From": "12345", "To": "+15550002222"}, "no-number"),
        ({"From": "TWILIO"}, "no-number"),
        ({"From": "messenger:1"}, "no-number"),
        ({"From": ""}, "no-number"),
        ({"To": "whatsapp:+15559999999"}, "other-number"),
        ({"To": NUMBER}, "other-number"),
        ({"From": "+491701234567"}, "other-number"),
        ({"From": f"whatsapp:{NUMBER}"}, "from-us"),
        ({"Body": " \n"}, "unsupported"),
    ],
)
def test_what_is_not_for_the_agent_is_ignored_with_the_reason(
    said: dict[str, str], reason: str
) -> None:
    event = heard(**said)

    assert (event.event, event.reason) == (Event.IGNORED, reason)


@pytest.mark.parametrize(
    ("word", "is_out", "reason"),
    [
        (Word.STOP, True, "opt-out"),
        (Word.HELP, False, "help"),
        (Word.NONE, True, "opted-out"),
        (Word.NONE, False, ""),
        (Word.START, False, ""),
    ],
)
def test_nobody_is_answered_after_stop(word: Word, *, is_out: bool, reason: str) -> None:
    assert silenced(heard(), word, is_opted_out=is_out).reason == reason


@pytest.mark.parametrize("sid", ["", "SM", "SM 1234567890", "x" * 400, "SM\x00234567890", "12345"])
def test_what_is_no_id_of_a_message_is_refused(sid: str) -> None:
    assert message_id({"MessageSid": sid}) is None


@given(
    st.dictionaries(
        st.sampled_from(
            sorted(
                (
                    "From",
                    "To",
                    "Body",
                    "NumMedia",
                    "MediaUrl0",
                    "MediaContentType0",
                    "Latitude",
                    "Longitude",
                )
            )
        ),
        st.text(max_size=40),
    )
)
def test_nothing_in_a_webhook_raises(said: dict[str, str]) -> None:
    heard(**said)
