"""The URL that a webhook's sender signed."""

import base64
import hashlib
import hmac

import pytest

from polyant_engine.core import public_url
from polyant_engine.core.middleware.client_address import Hops

BASE = "https://api.example.com"
HOOK = "/webhooks/twilio/acme/whatsapp"


def url(
    path: str = HOOK,
    query: str = "",
    base: str | None = BASE,
    hops: Hops = 1,
    **headers: str,
) -> str:
    sent = {"host": "acme-engine.demo.svc:4000", **headers}
    scope = {
        "type": "http",
        "scheme": "http",
        "path": "/what/uvicorn/decoded",
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()
        ],
    }
    return public_url.of(scope, base, hops)


def test_it_is_the_base_with_path_and_query_as_they_came() -> None:
    assert url() == f"{BASE}{HOOK}"
    assert url("/webhooks/a%2Fb/%C3%A9", "x=%20&y=a+b&z=") == (
        f"{BASE}/webhooks/a%2Fb/%C3%A9?x=%20&y=a+b&z="
    )


@pytest.mark.parametrize("hops", [0, 1, 2, "all"])
def test_no_header_changes_a_url_whose_beginning_is_known(hops: Hops) -> None:
    spoofed = {
        "x_forwarded_host": "evil.example",
        "x_forwarded_proto": "gopher",
        "x_forwarded_port": "1",
        "forwarded": "host=evil.example;proto=gopher",
        "x_original_url": "/elsewhere",
        "host": "evil.example",
    }

    assert url(hops=hops, **spoofed) == f"{BASE}{HOOK}"


def test_a_port_of_the_public_address_is_kept() -> None:
    assert url(base="https://api.example.com:8443") == f"https://api.example.com:8443{HOOK}"


def test_twilios_own_example_of_a_signature_fits() -> None:
    # From Twilio's documentation on webhook security: token, URL with a query, and sorted fields.
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    text = url("/myapp.php", "foo=1&bar=2", "https://mycompany.com") + "".join(
        name + value for name, value in sorted(fields.items())
    )

    digest = hmac.new(b"12345", text.encode(), hashlib.sha1).digest()

    assert base64.b64encode(digest).decode() == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


@pytest.mark.parametrize(
    ("hops", "headers", "start"),
    [
        (0, {"x_forwarded_host": "a.test", "x_forwarded_proto": "https"}, "http://direct.test"),
        (1, {"x_forwarded_host": "a.test", "x_forwarded_proto": "https"}, "https://a.test"),
        (1, {"x_forwarded_proto": "https"}, "https://direct.test"),
        (1, {"x_forwarded_host": "evil.test, a.test"}, "http://a.test"),
        (2, {"x_forwarded_host": "evil.test, a.test, inner.test"}, "http://a.test"),
        (2, {"x_forwarded_host": "a.test"}, "http://a.test"),
        ("all", {"x_forwarded_host": "a.test, inner.test"}, "http://a.test"),
        (1, {}, "http://direct.test"),
    ],
)
def test_without_a_base_the_outermost_trusted_proxy_is_believed(
    hops: Hops, headers: dict[str, str], start: str
) -> None:
    assert url(base=None, hops=hops, host="direct.test", **headers) == f"{start}{HOOK}"
