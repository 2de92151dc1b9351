import pytest

from polyant_engine.core.middleware.client_address import Hops, client_address


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
