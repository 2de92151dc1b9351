"""An installation behind a real front door: the operator's own objects, stand-ins for its pods."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from polyant_operator.api.instance import parse
from polyant_operator.desired import trust
from polyant_operator.kube.kinds import INSTANCE
from support import believers, front, operator_world, wire
from support.apiserver import ApiServer
from support.front import Front
from support.operator_process import eventually
from support.operator_world import EMBEDDED, World
from support.wire import Client

ALICE, BOB, BALANCER = "127.0.0.2", "127.0.0.3", "127.0.0.9"
_PASSES = 60


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way in."""

    name: str
    api: str
    two_hosts: bool
    hops: int
    # Whether people come by https.
    secure: bool


WAYS = (
    Way(name="Ingress", api="Ingress", two_hosts=False, hops=1, secure=False),
    Way(name="HTTPRoute", api="HTTPRoute", two_hosts=False, hops=1, secure=True),
    Way(name="Ingress-2-hosts-2-hops", api="Ingress", two_hosts=True, hops=2, secure=True),
    Way(name="HTTPRoute-2-hosts-2-hops", api="HTTPRoute", two_hosts=True, hops=2, secure=False),
)


@dataclass(frozen=True, kw_only=True)
class Installed:
    """An installation that people can reach."""

    way: Way
    door: Front
    host: str
    engine_host: str | None
    web_url: str
    engine_url: str
    # The port of the outermost proxy.
    port: int

    def client(self, source: str = ALICE, *, on: str | None = None) -> Client:
        """Somebody in front of all proxies."""
        return Client(port=self.port, host=on or self.host, source=source)

    def behind(self, source: str = ALICE, *, on: str | None = None) -> Client:
        """Somebody who gets at Envoy itself, by TLS where people use it."""
        host, door = on or self.host, self.door
        if self.way.secure:
            return Client(port=door.https, host=host, source=source, authority=door.authority)
        return Client(port=door.http, host=host, source=source)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names it is known by, the panel's first."""
        return (self.host, *([self.engine_host] if self.engine_host else []))


def edge(way: Way, namespace: str, door: Front) -> dict[str, Any]:
    """`spec.edge` of a way in."""
    host, scheme = f"chat-{namespace}.front.test", "https" if way.secure else "http"
    fields: dict[str, Any] = {
        "type": way.api,
        "host": host,
        "publicUrl": f"{scheme}://{host}:{door.https if way.secure else door.http}",
        "trustedProxyHops": way.hops,
    }
    if way.api == "HTTPRoute":
        fields["parentRefs"] = [front.GATEWAY]
    else:
        fields["className"] = front.CLASS
        fields |= {"tls": {"secretName": "edge"}} if way.secure else {}
    if way.two_hosts:
        fields["engineHost"] = f"api-{namespace}.front.test"
    return fields


@contextmanager
def running(server: ApiServer, door: Front) -> Iterator[Mapping[Way, Installed]]:
    """Bring an installation up for each way, all at once, and lead to it until the block ends."""
    wanted = {}
    for way in WAYS:
        namespace = server.new_namespace()
        copy_certificate(server, namespace)
        wanted[way] = (namespace, edge(way, namespace, door))
    bodies = asyncio.run(_bring_up(server, wanted.values()))
    with ExitStack() as stack:
        found = {}
        for (way, (namespace, fields)), body in zip(wanted.items(), bodies, strict=True):
            told = trust.derive(parse(body))
            ends = stack.enter_context(believers.running(told))
            believers.publish(server, namespace, ends)
            port = door.http
            if way.hops > 1:
                port = stack.enter_context(wire.load_balancer(door.http, BALANCER))
            found[way] = Installed(
                way=way,
                door=door,
                host=fields["host"],
                engine_host=fields.get("engineHost"),
                web_url=str(told.web_url),
                engine_url=str(told.engine_url),
                port=port,
            )
        for installed in found.values():
            for host in installed.hosts:
                until_served(installed.behind(on=host))
        yield found


def until_served(client: Client) -> None:
    """Wait until the front door leads to the engine."""

    def is_served() -> bool:
        try:
            return client.get("/health").status == 200
        except OSError:
            return False

    eventually(is_served, f"{client.host} is served")


def copy_certificate(server: ApiServer, namespace: str) -> None:
    """Give a namespace the front door's certificate, for an Ingress."""
    place = f"--namespace={front.GATEWAY['namespace']}"
    secret = json.loads(server.kubectl("get", "secret", "edge", place, "--output=json"))
    secret["metadata"] = {"name": "edge", "namespace": namespace}
    server.kubectl("apply", "-f", "-", stdin=json.dumps(secret))


async def _bring_up(
    server: ApiServer, wanted: Iterable[tuple[str, dict[str, Any]]]
) -> list[dict[str, Any]]:
    async def one(namespace: str, fields: dict[str, Any]) -> dict[str, Any]:
        async with operator_world.world(server, namespace=namespace) as world:
            await world.bring_up({**EMBEDDED, "edge": fields})
            await until_edge(world, "True")
            return await world.get(INSTANCE, "acme")

    return await asyncio.gather(*(one(namespace, fields) for namespace, fields in wanted))


async def until_edge(world: World, status: str, reason: str | None = None) -> str:
    """Pass after pass until EdgeReady says so; returns its message."""
    found = ("", "")
    for _ in range(_PASSES):
        await world.run()
        found = (await world.conditions())["EdgeReady"]
        if found[0] == status and reason in {None, found[1]}:
            return await world.message("EdgeReady")
        await asyncio.sleep(0.2)
    raise AssertionError(f"EdgeReady stays {found}: {await world.message('EdgeReady')}")
