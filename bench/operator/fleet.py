"""The instances of a measurement, and what lives beside them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from bench.operator import processes, seeding
from bench.operator.cluster import Cluster, create, new_namespace
from polyant_operator.kube import errors
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import INSTANCE, SECRET, Object

PER_NAMESPACE = 20
AT_ONCE = 16
# Everything an instance can own: embedded database, budgets, an edge.
SPEC: dict[str, Any] = {
    "database": {"embedded": {}},
    "engine": {"replicas": 2},
    "web": {"replicas": 2},
}
READY_SECONDS = 3600
# Without a write for so long, and Ready, a fleet is settled.
CALM_SECONDS = 10.0
# A starved machine must not cost the operator that settles the fleet its Lease.
PATIENT = {"LEASE_SECONDS": "300", "LEASE_RENEW_SECONDS": "200", "WORKERS": "20"}


def place(number: int) -> tuple[str, str]:
    """Give namespace and name of an instance."""
    return f"fleet-{number // PER_NAMESPACE:03}", f"i{number:05}"


def instance(number: int, labels: dict[str, str] | None = None, **spec: Any) -> Object:
    """Describe an instance."""
    namespace, name = place(number)
    edge = {"type": "Ingress", "host": f"{name}.example.com", "className": "contour"}
    return {
        "apiVersion": INSTANCE.api_version,
        "kind": INSTANCE.kind,
        "metadata": {"name": name, "namespace": namespace, "labels": labels or {}},
        "spec": SPEC | {"edge": edge} | spec,
    }


async def grow(cluster: Cluster, client: Client, numbers: range) -> None:
    """Seed instances, and let an operator settle what depends on the cluster."""
    await _namespaces(client, numbers)
    await at_once(numbers, lambda number: seeding.seed(client, instance(number)))
    await settle(cluster, client, numbers.stop)


async def settle(cluster: Cluster, client: Client, size: int) -> None:
    """Let an operator of ours do whatever there is to do, so that the next one finds nothing."""
    with processes.ours(cluster, PATIENT) as process:
        cluster.audit.skip()
        last = time.monotonic()
        async with asyncio.timeout(READY_SECONDS):
            while await ready(client) < size or time.monotonic() - last < CALM_SECONDS:
                process.check()
                await asyncio.sleep(1 + size / 200)
                if any(each.writes and not each.keeps_lease for each in cluster.audit.read()):
                    last = time.monotonic()


async def others(client: Client, numbers: range, shards: int) -> None:
    """Create instances of other shards, each with one child of theirs."""
    await _namespaces(client, numbers)

    async def one(number: int) -> None:
        labels = {"polyant.ai/shard": str(number % shards + 1)}
        await seeding.seed_little(client, instance(number, labels))

    await at_once(numbers, one)


async def foreign_secrets(client: Client, count: int, namespaces: int) -> None:
    """Create Secrets of other people beside the instances."""

    async def one(number: int) -> None:
        metadata = {
            "name": f"foreign-{number}",
            "namespace": place(number % namespaces * PER_NAMESPACE)[0],
        }
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
        await create(client, SECRET, body | {"stringData": {"value": "x" * 2000}})

    await at_once(range(count), one)


async def at_once(numbers: range, act: Callable[[int], Awaitable[None]]) -> None:
    """Do something for each number, many at one time."""
    left = iter(numbers)

    async def work() -> None:
        for number in left:
            await act(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())


async def _namespaces(client: Client, numbers: range) -> None:
    for name in sorted({place(number)[0] for number in numbers}):
        with suppress(errors.Conflict):  # of an earlier, smaller fleet
            await new_namespace(client, name)


async def ready(client: Client) -> int:
    """Count the instances that serve what was asked for."""
    return sum([is_ready(each) async for each in client.walk(INSTANCE)])


def is_ready(body: Object) -> bool:
    """Tell whether an instance serves what was asked for."""
    status = body.get("status") or {}
    if status.get("observedGeneration") != body["metadata"]["generation"]:
        return False
    conditions = status.get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
