import pytest
from starlette.types import Receive, Scope, Send

from polyant_engine.core.internal_secret import InternalSecret
from polyant_engine.core.middleware.client_address import ClientAddress, Hops, client_address
from support.asgi import request

SECRET = "internal-secret-0123"


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, [], "192.0.2.9"),
        (0, [b"203.0.113.7"], "192.0.2.9"),
        (1, [], "192.0.2.9"),
        (1, [b"203.0.113.7"], "203.0.113.7"),
        (1, [b"6.6.6.6, 203.0.113.7"], "203.0.113.7"),
        (2, [b"203.0.113.7, 10.0.0.1"], "203.0.113.7"),
        (2, [b"6.6.6.6, 203.0.113.7, 10.0.0.1"], "203.0.113.7"),
        (2, [b"6.6.6.6", b"203.0.113.7", b"10.0.0.1"], "203.0.113.7"),
        (2, [b"203.0.113.7"], "192.0.2.9"),
        ("all", [b"203.0.113.7, 10.0.0.1"], "203.0.113.7"),
        ("all", [], "192.0.2.9"),
        (1, [b"not an address"], "192.0.2.9"),
        (1, [b"203.0.113.7:1234"], "203.0.113.7"),
        (1, [b"[2001:db8::7]:1234"], "2001:db8::7"),
        (1, [b"::ffff:203.0.113.7"], "203.0.113.7"),
        (1, [b"fe80::1%eth0"], "fe80::1"),
    ],
)
def test_only_what_our_own_proxies_wrote_counts(
    hops: Hops, forwarded: list[bytes], expected: str
) -> None:
    assert client_address("192.0.2.9", forwarded, hops) == expected


def test_an_ipv4_peer_of_a_dual_stack_socket_is_an_ipv4_address() -> None:
    assert client_address("::ffff:192.0.2.9", [], 0) == "192.0.2.9"


async def believed(headers: dict[str, str], secret: str | None = SECRET) -> str:
    found = ""

    async def remember(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal found
        del receive, send
        found = scope["polyant.client_address"]

    await request(ClientAddress(remember, 0, InternalSecret(secret)), "GET", "/", headers=headers)
    return found


async def test_the_panel_names_the_address_of_the_person() -> None:
    named = {"x-client-address": "203.0.113.5", "x-internal-auth": SECRET}

    assert await believed(named) == "203.0.113.5"


@pytest.mark.parametrize("secret", ["", "wrong", SECRET + "x"])
async def test_nobody_else_does(secret: str) -> None:
    named = {"x-client-address": "203.0.113.5", "x-internal-auth": secret}

    assert await believed(named) == "192.0.2.1"


async def test_without_a_secret_nobody_does() -> None:
    named = {"x-client-address": "203.0.113.5", "x-internal-auth": ""}

    assert await believed(named, None) == "192.0.2.1"


async def test_a_named_address_that_is_none_is_ignored() -> None:
    named = {"x-client-address": "somewhere", "x-internal-auth": SECRET}

    assert await believed(named) == "192.0.2.1"
