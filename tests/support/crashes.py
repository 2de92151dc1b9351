"""Lives of an instance in which the operator dies, or loses an answer, at its k-th write.

A life is a list of things that users and the cluster do; between them the operator works until it
has nothing more to write. A death strikes when the write has happened and its answer has not arrived:
that covers a death before the next write too, because what was in memory is gone either way. What
exists at the end is compared without what differs by nature: ids, versions, times, random values.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from polyant_operator.kube import errors
from polyant_operator.kube.kinds import CHILDREN, INSTANCE, OPTIONAL, SECRET, Kind, Object
from support import apiserver, operator_world
from support.operator_world import EMBEDDED, Crash, World

Act = Callable[[World], Awaitable[object]]

NAMESPACE = Kind("v1", "Namespace", "namespaces", namespaced=False)
KINDS = tuple(kind for kind in (*CHILDREN, SECRET) if kind not in OPTIONAL)
_HASH = re.compile(r"\b[0-9a-f]{10,64}\b")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_VOLATILE = ("resourceVersion", "managedFields", "creationTimestamp", "uid")
_ASSIGNED = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")
# More passes than any settling takes; a life that needs them goes in circles.
_PASSES = 60


@dataclass(frozen=True, kw_only=True)
class Life:
    """What happens before the operator may die, and what while it may."""

    acts: tuple[Act, ...]
    before: tuple[Act, ...] = ()


@dataclass(kw_only=True)
class Lived:
    """What came of a life."""

    writes: int
    end: dict[str, Any]
    passes: int = 0


@dataclass(kw_only=True)
class _Teller:
    """Counts writes over restarts, and remembers generated values when they first appear."""

    world: World
    counted: int = 0
    passes: int = 0
    values: dict[str, str] = field(default_factory=dict)

    async def settle(self) -> None:
        """Run, anew after each death, until a pass writes nothing."""
        for _ in range(_PASSES):
            self.passes += 1
            try:
                await self.world.run()
            except Crash:
                self._count()
                self.world.restart()
            except errors.Unavailable:
                self._count()
                self.world.client.dies_after = None
            else:
                if not self._count():
                    await self.remember()
                    return
            await self.remember()
        raise AssertionError("the operator writes again and again")

    def _count(self) -> int:
        written = len(self.world.client.writes)
        self.counted += written
        if self.world.client.dies_after is not None:
            self.world.client.dies_after -= written
        self.world.client.writes.clear()
        return written

    async def remember(self) -> None:
        """Hold every generated Secret to the values it first had."""
        async for secret in self.world.admin.walk(SECRET, self.world.namespace):
            name, data = secret["metadata"]["name"], json.dumps(secret["data"], sort_keys=True)
            assert self.values.setdefault(name, data) == data, f"{name} got another value"


async def live(
    world: World, life: Life, *, k: int | None = None, of: type[BaseException] = Crash
) -> Lived:
    """Live a life in which the k-th write goes wrong."""
    teller = _Teller(world=world)
    for act in life.before:
        await act(world)
        await teller.settle()
    world.restart()
    teller.counted, teller.passes = 0, 0
    world.client.dies_of, world.client.dies_after = of, k
    for act in life.acts:
        await act(world)
        await teller.settle()
    return Lived(writes=teller.counted, passes=teller.passes, end=await end_state(world))


async def end_state(world: World) -> dict[str, Any]:
    """Everything that exists, without what differs by nature."""
    state: dict[str, Any] = {}
    for kind in (*KINDS, INSTANCE):
        async for obj in world.admin.walk(kind, world.namespace):
            text = masked(obj, world.namespace)
            state.setdefault(f"{kind.kind}/{masked_text(obj['metadata']['name'])}", []).append(text)
    return state


def masked(obj: Object, namespace: str) -> Any:
    """An object without ids, versions, times, addresses and random values."""
    metadata = {k: v for k, v in obj["metadata"].items() if k not in _VOLATILE}
    body = {**obj, "metadata": metadata}
    if obj["kind"] == "Service":
        body["spec"] = {k: v for k, v in obj["spec"].items() if k not in _ASSIGNED}
    if obj["kind"] == "Secret":
        body["data"] = sorted(obj["data"])
    if obj["kind"] in ("Job", INSTANCE.kind):
        # Written by the test, or compared through what it led to.
        metadata.pop("generation", None)
    return json.loads(masked_text(json.dumps(body, sort_keys=True).replace(namespace, "NS")))


def masked_text(text: str) -> str:
    """A text with ids, hashes and times blotted out."""
    return _HASH.sub("HASH", _TIME.sub("TIME", _UUID.sub("UUID", text)))


@asynccontextmanager
async def place(server: apiserver.ApiServer) -> AsyncIterator[World]:
    """A world in a namespace that is made without starting kubectl: there are hundreds of them."""
    async with operator_world.world(server, namespace="default") as outer:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "crash-"}}
        made = await outer.admin.request("POST", NAMESPACE, NAMESPACE.path(None), body=body)
    async with operator_world.world(server, namespace=made["metadata"]["name"]) as world:
        yield world


async def at_every_write(
    server: apiserver.ApiServer,
    life: Life,
    *,
    of: type[BaseException] = Crash,
    every: int = 1,
    at_once: int = 4,
) -> int:
    """Live a life once in peace and then with each of its writes going wrong; returns how many."""
    async with place(server) as world:
        calm = await live(world, life)
    turn = asyncio.Semaphore(at_once)

    async def disturbed(k: int) -> None:
        async with turn, place(server) as world:
            lived = await live(world, life, k=k, of=of)
            assert lived.end == calm.end, (
                f"another end after {of.__name__} at write {k}: {_unlike(lived.end, calm.end)}"
            )

    # The last write too, whatever the stride.
    points = sorted({*range(1, calm.writes + 1, every), calm.writes})
    await asyncio.gather(*map(disturbed, points))
    return len(points)


async def collect(world: World) -> None:
    """Do what Kubernetes' garbage collector does: delete what has lost its last owner."""
    alive = {
        obj["metadata"]["uid"]
        for kind in (*KINDS, INSTANCE)
        async for obj in world.admin.walk(kind, world.namespace)
    }
    for kind in KINDS:
        async for obj in world.admin.walk(kind, world.namespace):
            owners = obj["metadata"].get("ownerReferences") or ()
            if owners and not any(owner["uid"] in alive for owner in owners):
                await world.admin.delete(kind, world.namespace, obj["metadata"]["name"])


def create(spec: dict[str, Any] | None = None) -> Act:
    """A user creates the instance."""
    return lambda world: world.create(spec or EMBEDDED)


def change(**spec: Any) -> Act:
    """A user changes the spec."""
    return lambda world: world.change(spec)


def job_ends(code: int, message: str = "") -> Act:
    """The newest migration Job fails."""
    return lambda world: world.end_job(code, message)


async def ready_by_cluster(world: World) -> None:
    """The Deployments that exist become available."""
    await world.rolled_out()


def _unlike(end: Any, calm: Any, path: str = "") -> str:
    """The first difference of two ends, small enough to be read."""
    if isinstance(end, dict) and isinstance(calm, dict):
        for name in sorted({*end, *calm}):
            if end.get(name) != calm.get(name):
                return _unlike(end.get(name), calm.get(name), f"{path}/{name}")
    return f"{path}: {end!r:.300} instead of {calm!r:.300}"
