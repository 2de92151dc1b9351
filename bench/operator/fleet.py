"""The instances of a measurement: created, brought to Ready by the operator itself, and disturbed."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any

from bench.operator import processes
from bench.operator.cluster import Cluster, create, new_namespace
from bench.operator.controllers import Controllers
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


async def create_all(client: Client, bodies: Iterator[Object]) -> None:
    """Create instances and their namespaces."""
    slots, known = asyncio.Semaphore(AT_ONCE), set[str]()

    async def one(body: Object) -> None:
        async with slots:
            await create(client, INSTANCE, body)

    async with asyncio.TaskGroup() as group:
        for body in bodies:
            namespace = body["metadata"]["namespace"]
            if namespace not in known:
                known.add(namespace)
                try:
                    await new_namespace(client, namespace)
                except errors.Conflict:
                    pass  # of an earlier, smaller fleet
            group.create_task(one(body))


async def bring_up(cluster: Cluster, client: Client, numbers: Sequence[int]) -> float:
    """Create instances and let the operator bring them to Ready; give the seconds it took."""
    began = time.monotonic()
    controllers = asyncio.create_task(Controllers(client, cluster.access).run())
    try:
        with processes.ours(cluster, {"API_REQUESTS_PER_SECOND": "5000"}) as process:
            await create_all(client, (instance(number) for number in numbers))
            async with asyncio.timeout(READY_SECONDS):
                wanted = numbers[-1] + 1 if numbers else 0
                while not controllers.done() and await _ready(client) < wanted:
                    await asyncio.sleep(1 + wanted / 500)
                    process.check()
    finally:
        controllers.cancel()
        await asyncio.gather(controllers, return_exceptions=True)
    return time.monotonic() - began


async def _ready(client: Client) -> int:
    return sum([is_ready(each) async for each in client.walk(INSTANCE)])


def is_ready(body: Object) -> bool:
    """Tell whether an instance serves what was asked for."""
    conditions = (body.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


async def foreign_secrets(client: Client, count: int) -> None:
    """Create Secrets of other people beside the instances."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with slots:
            namespace, _ = place(number % 100)
            metadata = {"name": f"foreign-{number}", "namespace": namespace}
            body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
            await create(client, SECRET, body | {"stringData": {"value": "x" * 2000}})

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(one(number))
