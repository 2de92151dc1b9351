"""Which forwarded headers count."""

from dataclasses import replace

import pytest
from starlette.datastructures import Headers

from polyant_web.security.origins import Origin, Trust, work_out
from support.fake_engine import FakeEngine
from support.panel import Visitor

NOBODY = Trust(forwarded=False, hops=1)
ONE = Trust(forwarded=True, hops=1)
TWO = Trust(forwarded=True, hops=2)
ALL = Trust(forwarded=True, hops=-1)


def origin(trust: Trust, **headers: str) -> Origin:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return work_out(
        Headers({"host": "panel.test", **sent}), scheme="http", peer="10.0.0.9", trust=trust
    )


@pytest.mark.parametrize("trust", [NOBODY, Trust(forwarded=True, hops=0)])
def test_untrusted_headers_count_for_nothing(trust: Trust) -> None:
    found = origin(
        trust, x_forwarded_for="1.2.3.4", x_forwarded_proto="https", x_forwarded_host="evil.test"
    )

    assert found == Origin(
        scheme="http", hosts=frozenset({"panel.test"}), client_address="10.0.0.9"
    )


@pytest.mark.parametrize(
    ("trust", "entries", "address"),
    [
        (ONE, "6.6.6.6, 203.0.113.7", "203.0.113.7"),
        (TWO, "6.6.6.6, 203.0.113.7, 10.1.1.1", "203.0.113.7"),
        (TWO, "203.0.113.7", "10.0.0.9"),
        (ALL, "203.0.113.7, 10.1.1.1", "203.0.113.7"),
        (ONE, "nonsense", "10.0.0.9"),
        (ONE, "[2001:db8::1]:443", "2001:db8::1"),
        (ONE, "203.0.113.7:5555", "203.0.113.7"),
        (ONE, "", "10.0.0.9"),
    ],
)
def test_the_address_is_what_the_outermost_trusted_proxy_wrote(
    trust: Trust, entries: str, address: str
) -> None:
    assert origin(trust, x_forwarded_for=entries).client_address == address


@pytest.mark.parametrize(
    ("trust", "entries", "scheme"),
    [
        (ONE, "https", "https"),
        (ONE, "https, http", "http"),
        (TWO, "https, http", "https"),
        (TWO, "https", "https"),
        (ONE, "gopher", "http"),
    ],
)
def test_the_scheme_is_the_trusted_proxys(trust: Trust, entries: str, scheme: str) -> None:
    assert origin(trust, x_forwarded_proto=entries).scheme == scheme


def test_a_trusted_host_is_one_of_our_names() -> None:
    found = origin(ONE, x_forwarded_host="Chat.Example.com")

    assert found.hosts == {
        "panel.test",
        "panel.test:*",
        "chat.example.com",
        "chat.example.com:*",
    }


@pytest.mark.parametrize("trust", [NOBODY, ONE, TWO, ALL])
@pytest.mark.parametrize("own", ["https://chat.example.com", "http://chat.example.com:8080"])
def test_where_our_address_is_known_no_header_is_believed_about_it(trust: Trust, own: str) -> None:
    found = origin(
        replace(trust, own_url=own), x_forwarded_proto="gopher, http", x_forwarded_host="evil.test"
    )

    scheme, _, netloc = own.partition("://")
    assert (found.scheme, found.hosts) == (scheme, frozenset({"panel.test", netloc}))


def test_the_address_of_the_client_still_comes_from_the_trusted_proxy() -> None:
    trust = replace(TWO, own_url="https://chat.example.com")

    found = origin(trust, x_forwarded_for="6.6.6.6, 203.0.113.7, 10.1.1.1")

    assert found.client_address == "203.0.113.7"


@pytest.mark.parametrize("host", ["panel.test:8443", "[::1]:3000"])
def test_a_port_that_is_known_counts(host: str) -> None:
    found = work_out(Headers({"host": host}), scheme="http", peer=None, trust=ONE)

    assert found.hosts == {host}


@pytest.mark.parametrize("host", ["", "a b", "x/y", "panel.test:port", 'x"y'])
async def test_a_malformed_host_is_refused(engine: FakeEngine, host: str) -> None:
    answer = await Visitor(engine).open("/signin", host=host)

    assert answer.status_code == 400
