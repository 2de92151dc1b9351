"""The whole product behind a route of the Gateway API: two hosts, and two proxies in front."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise

import pytest

from dev.up import panel
from dev.up.edgeclient import EdgeClient
from dev.up.errors import StepError
from support import edge_table, wire
from support.endtoend import Installation
from support.wire import Answer, Client

pytestmark = pytest.mark.e2e

ALICE, BOB, BALANCER = "127.0.0.2", "127.0.0.3", "127.0.0.9"
NOBODY = "nobody@example.com"
# One more is one too many (`accounts/limits.py`).
ATTEMPTS = 10
# Longer than the 15 s after which Envoy gives up by default.
SECONDS = 20


class Routed:
    """The installation behind its route and a balancer in front of that."""

    def __init__(self, acme: Installation, port: int) -> None:
        self.port = port
        self.direct = int(acme.cluster.edge.rpartition(":")[2])
        self.hosts = (acme.host_name, f"api.{acme.host_name}")
        self._acme = acme

    def client(self, host: str, source: str = ALICE, *, around: bool = False) -> Client:
        """Somebody who asks for a host, in front of all proxies or around the outer one."""
        name = self._acme.cluster.host(host)
        port = self.direct if around else self.port
        return Client(port=port, host=name, source=source, timeout=60)

    def browser(self, source: str, **headers: str) -> EdgeClient:
        """Somebody with cookies."""
        host = self._acme.cluster.host(self.hosts[0])
        return EdgeClient(
            address=f"127.0.0.1:{self.port}", host=host, source=source, always=headers
        )


@pytest.fixture(scope="module")
def routed(acme: Installation, key: str) -> Iterator[Routed]:  # noqa: ARG001 (the agent is made first)
    cluster = acme.cluster
    edge = {
        "type": "HTTPRoute",
        "parentRefs": [cluster.parent],
        "host": acme.host_name,
        "engineHost": f"api.{acme.host_name}",
        "publicUrl": f"http://{cluster.host(acme.host_name)}",
        "enginePublicUrl": f"http://{cluster.host('api.' + acme.host_name)}",
        "trustedProxyHops": 2,
    }
    acme.apply(edge=edge)
    acme.until_ready()
    acme.until_condition("EdgeReady", "True", "RouteAccepted")
    with wire.load_balancer(int(cluster.edge.rpartition(":")[2]), BALANCER) as port:
        yield Routed(acme, port)
    acme.apply()
    acme.until_ready()


@pytest.fixture(scope="module", autouse=True)
def stream(routed: Routed, key: str) -> Iterator[Future[Answer]]:
    """A long answer, read while the other tests run."""
    question = {"role": "user", "content": "for long"}
    body = json.dumps({"model": "hello", "messages": [question], "stream": True}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with ThreadPoolExecutor(1) as reader:
        client = routed.client(routed.hosts[1])
        yield reader.submit(client.send, "POST", "/v1/chat/completions", headers, body)


def test_the_ingress_went_when_the_route_was_accepted(acme: Installation, routed: Routed) -> None:
    assert routed.hosts
    assert acme.kubectl.get("ingress", acme.name) is None


def test_programs_have_a_host_of_their_own(routed: Routed) -> None:
    panel_host, engine_host = (routed.client(host) for host in routed.hosts)

    assert panel_host.get("/signin").status == 200
    assert engine_host.get("/signin").status == 404
    assert [client.get("/health").status for client in (panel_host, engine_host)] == [200, 200]
    assert engine_host.get("/api/instances").status == 401


def test_no_spelling_reaches_an_internal_route(routed: Routed) -> None:
    entered = json.dumps({"email": "administrator@local", "password": "x"}).encode()
    headers = {"Content-Type": "application/json", "X-Internal-Auth": "guess"}
    found = {}
    for client in (routed.client(host) for host in routed.hosts):
        for path in edge_table.FORBIDDEN:
            answer = client.send("POST", path, headers, entered)
            found[client.host, path] = (answer.status, b"sessionToken" in answer.body)

    assert {key: told for key, told in found.items() if told[0] < 300 or told[1]} == {}
    refused = {status for (host, _), (status, _) in found.items() if host.startswith("api.")}
    assert refused <= {400, 404}


def test_two_people_behind_the_proxies_have_a_limit_each_and_nobody_escapes_theirs(
    routed: Routed,
) -> None:
    refused = [tried(routed.browser(ALICE)) for _ in range(ATTEMPTS + 1)]
    assert refused == [None] * ATTEMPTS + [429]

    assert tried(routed.browser(BOB)) is None
    for number in range(3):
        spoofed = {**edge_table.SPOOFED, "X-Forwarded-For": f"203.0.113.{number}"}
        assert tried(routed.browser(ALICE, **spoofed)) == 429
    assert tried(routed.browser(BOB)) is None


def tried(browser: EdgeClient) -> int | None:
    """Try to sign in with a wrong password; the status when that is not even looked at."""
    try:
        assert panel.sign_in(browser, NOBODY, "wrong") is None
    except StepError as error:
        return int(str(error).rpartition(" ")[2])
    return None


def test_a_long_answer_comes_piece_by_piece(stream: Future[Answer]) -> None:
    answer = stream.result(SECONDS * 4)

    assert answer.status == 200
    assert b"[DONE]" in answer.body
    gaps = [later - earlier for earlier, later in pairwise(answer.times)]
    assert answer.times[-1] > SECONDS * 0.9
    assert len(answer.times) >= SECONDS
    assert max(gaps) < 4
