"""Who signed a webhook: held to the vendor's own validator."""

import hashlib
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from polyant_engine.channels.twilio.signature import FORM, JSON, parameters, signed_with, verified

TOKEN = "secret"
URL = "https://chat.example.com/webhooks/twilio/helper/whatsapp?a=%20b"
SAID = {"MessageSid": "SM1", "Body": "Grüße + 50% 🙂", "FromCity": ""}

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def vendor_signature(url: str, said: object) -> str:
    return str(RequestValidator(TOKEN).compute_signature(url, said))


@given(st.dictionaries(texts.filter(bool), texts, max_size=6))
def test_it_is_the_vendors_own_for_every_form(said: dict[str, str]) -> None:
    body = urlencode(said).encode()

    assert signed_with(URL, list(said.items()), TOKEN) == vendor_signature(URL, said)
    if said:
        assert verified(URL, FORM, body, vendor_signature(URL, said), TOKEN) == said


def test_a_charset_behind_the_content_type_changes_nothing() -> None:
    kind = "application/x-www-form-urlencoded; charset=UTF-8"

    assert verified(URL, kind, urlencode(SAID).encode(), vendor_signature(URL, SAID), TOKEN) == SAID


@pytest.mark.parametrize(
    ("signed", "asked"),
    [
        ("https://chat.example.com:443/x", "https://chat.example.com/x"),
        ("https://chat.example.com/x", "https://chat.example.com:443/x"),
        ("http://chat.example.com:80/x", "http://chat.example.com/x"),
        ("https://chat.example.com/x", "https://chat.example.com:8443/x"),
    ],
)
def test_the_port_may_be_signed_or_not(signed: str, asked: str) -> None:
    signature = vendor_signature(signed, SAID)

    assert verified(asked, FORM, urlencode(SAID).encode(), signature, TOKEN) == SAID
    assert RequestValidator(TOKEN).validate(asked, SAID, signature)


@pytest.mark.parametrize(
    "url",
    [
        "http://chat.example.com/webhooks/twilio/helper/whatsapp?a=%20b",
        "https://chat.example.net/webhooks/twilio/helper/whatsapp?a=%20b",
        "https://chat.example.com/webhooks/twilio/helper/whatsapp?a=+b",
        "https://chat.example.com/webhooks/twilio/helper/whatsapp",
        "https://chat.example.com/webhooks/twilio/other/whatsapp?a=%20b",
    ],
)
def test_another_url_does_not_fit(url: str) -> None:
    assert verified(url, FORM, urlencode(SAID).encode(), vendor_signature(URL, SAID), TOKEN) is None


@pytest.mark.parametrize(
    "body",
    [
        urlencode({**SAID, "Body": "other"}).encode(),
        urlencode({**SAID, "More": "1"}).encode(),
        urlencode({"MessageSid": "SM1"}).encode(),
        b"",
        b"%ff%fe=%80",
        "Body=Grüße".encode("latin-1"),
        b"no form",
        b"&".join(b"a=%d" % n for n in range(1000)),
        b"\x00" * 100,
    ],
)
def test_another_body_does_not_fit(body: bytes) -> None:
    assert verified(URL, FORM, body, vendor_signature(URL, SAID), TOKEN) is None


@pytest.mark.parametrize("signature", ["", "x", "é", "A" * 28, "\x00" * 10_000])
def test_another_signature_does_not_fit(signature: str) -> None:
    assert verified(URL, FORM, urlencode(SAID).encode(), signature, TOKEN) is None


def test_an_unreadable_body_with_the_signature_of_an_empty_one_says_nothing() -> None:
    signature = vendor_signature(URL, {})

    assert not verified(URL, FORM, b"MessageSid=SM1&Body=%ff", signature, TOKEN)


def test_a_json_body_is_covered_by_its_hash() -> None:
    body = json.dumps({"MessageSid": "SM1", "n": 1}).encode()
    url = f"{URL}&bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = vendor_signature(url, {})

    assert verified(url, JSON, body, signature, TOKEN) == {"MessageSid": "SM1"}
    assert RequestValidator(TOKEN).validate(url, body.decode(), signature)
    assert verified(url, JSON, body + b" ", signature, TOKEN) is None


def test_a_json_body_without_a_hash_is_refused() -> None:
    assert verified(URL, JSON, b'{"MessageSid": "SM1"}', vendor_signature(URL, {}), TOKEN) is None


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data; boundary=x"])
def test_a_body_that_nothing_covers_is_refused(kind: str) -> None:
    assert verified(URL, kind, b"MessageSid=SM1", vendor_signature(URL, {}), TOKEN) is None
    assert parameters(kind, b"MessageSid=SM1") is None


@pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff", b"[" * 100_000, b"null"])
def test_json_that_is_no_object_says_nothing(body: bytes) -> None:
    assert parameters(JSON, body) is None
