"""What a real Envoy lets through, by both APIs, and what engine and panel make of it."""

import logging
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise

import pytest

from support import edge_table, wire
from support.installed_edge import ALICE, BALANCER, BOB, Installed, Way
from support.wire import Answer, Client

logger = logging.getLogger(__name__)
pytestmark = pytest.mark.integration

VERIFY = "/api/auth/credentials/verify"
HOOK = "/webhooks/twilio/acme/whatsapp?from=%2B49&text=a%20b&empty="


@pytest.fixture(scope="module", autouse=True)
def streams(
    installations: Mapping[Way, Installed], stream_seconds: int
) -> Mapping[Way, Future[Answer]]:
    """Long answers through every way in, read while the other tests run."""
    path = f"/v1/stream?pieces={stream_seconds}&pause=1"
    readers = ThreadPoolExecutor(len(installations))
    return {
        way: readers.submit(installed.client().get, path)
        for way, installed in installations.items()
    }


def who(answer: Answer) -> str:
    if answer.status != 200:
        return "nobody" if answer.status == 404 else str(answer.status)
    return str(answer.json()["who"])


def test_every_path_leads_where_the_table_says(installed: Installed) -> None:
    wrong = {}
    for host in installed.hosts:
        client = installed.client(on=host)
        for path in (*edge_table.ENGINE, *edge_table.WEB):
            expected = edge_table.expected(path, engine_host=host != installed.host)
            if expected == "engine" and _is_sign_in(path):
                expected = "nobody"  # the engine's 404: it has no sign-in on this port
            if (found := who(client.get(path))) != expected:
                wrong[host, path] = (found, expected)

    assert wrong == {}


def test_no_spelling_reaches_an_internal_route(installed: Installed) -> None:
    found = {}
    for client in _everybody(installed):
        for path in edge_table.FORBIDDEN:
            answer = client.send("POST", path, {"X-Internal-Auth": "guess"}, b'{"email": "a"}')
            found[client.host, path] = who(answer)

    assert {key for key, who in found.items() if who == "internal"} == set()
    assert [found[host, VERIFY] for host in installed.hosts] == ["web", "nobody"][
        : len(installed.hosts)
    ]


def test_the_client_is_who_the_outermost_proxy_saw(installed: Installed) -> None:
    told = {
        (source, path): client.get(path, spoofed).json()["client"]
        for source in (ALICE, BOB)
        for client in [installed.client(source)]
        for path in ("/v1/models", "/agents")
        for spoofed in [{}, edge_table.SPOOFED]
    }

    assert told == {(source, path): source for source, path in told}


def test_many_headers_instead_of_one_change_nothing(installed: Installed) -> None:
    lines = [("X-Forwarded-For", "203.0.113.1"), ("X-Forwarded-For", "203.0.113.2")]
    lines += [("x-forwarded-for", ""), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Proto", "x")]

    for path in ("/v1/models", "/agents"):
        assert installed.client(BOB).get(path, lines).json()["client"] == BOB


def test_with_too_few_proxies_nobody_is_believed(installed: Installed) -> None:
    if installed.way.hops == 1:
        # One proxy more than was told of: its address is everybody's, but nobody chooses one.
        with wire.load_balancer(installed.door.http, BALANCER) as port:
            client = Client(port=port, host=installed.host, source=ALICE)
            told = client.get("/v1/models", {"X-Forwarded-For": "203.0.113.1"}).json()
            assert told["client"] == BALANCER
    else:
        # Around the outer proxy there is one entry too few: the address is Envoy's own.
        told = installed.behind(BOB).get("/v1/models").json()
        assert told["client"] not in {ALICE, BOB, BALANCER}


def test_the_panel_knows_its_own_address_whatever_headers_say(installed: Installed) -> None:
    scheme, _, netloc = installed.web_url.partition("://")
    for headers in ({}, edge_table.SPOOFED):
        told = installed.client().get("/agents", headers).json()

        assert told["scheme"] == scheme
        assert set(told["hosts"]) == {netloc, installed.host}


def test_a_webhook_is_signed_over_the_public_address(installed: Installed) -> None:
    host = installed.engine_host or installed.host
    for headers in ({}, edge_table.SPOOFED):
        told = installed.client(on=host).get(HOOK, headers).json()

        assert told["url"] == f"{installed.engine_url}{HOOK}"


def test_another_host_is_nobodys(installed: Installed) -> None:
    assert installed.client(on="evil.example").get("/health").status == 404


def test_a_long_answer_comes_piece_by_piece(
    installed: Installed, streams: Mapping[Way, Future[Answer]], stream_seconds: int
) -> None:
    answer = streams[installed.way].result(stream_seconds + 40)

    assert answer.status == 200
    assert answer.body.count(b"data: ") == stream_seconds
    # Each line says when it was sent: no two came together, and none was held back.
    gaps = [later - earlier for earlier, later in pairwise(answer.times)]
    measured = (installed.way.name, len(answer.times), answer.times[-1], max(gaps))
    logger.info("%s: %d pieces in %.1f s, the longest pause %.2f s", *measured)
    assert len(answer.times) == stream_seconds
    assert answer.times[-1] >= stream_seconds
    assert max(gaps) < 3


def _is_sign_in(path: str) -> bool:
    return path.split("/")[1:3] == ["api", "auth"]


def _everybody(installed: Installed) -> list[Client]:
    outside = [installed.client(on=host) for host in installed.hosts]
    return [*outside, *(installed.behind(on=host) for host in installed.hosts)]
