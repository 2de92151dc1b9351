"""All Leases are looked at together, and only what changed wants work."""

import asyncio
from typing import Any

import pytest
from typing_extensions import override

from polyant_operator.handlers.leaders import FollowLeaders
from polyant_operator.handlers.queue import Key, WorkQueue
from polyant_operator.kube import errors
from polyant_operator.kube.access import Access
from polyant_operator.kube.bucket import TokenBucket
from polyant_operator.kube.cache import Cache
from polyant_operator.kube.client import Client, Request
from polyant_operator.kube.kinds import INSTANCE, Object
from polyant_operator.reconcile.leaders import Leaders

pytestmark = pytest.mark.looptime

MANY = 400


def instance(name: str) -> Object:
    return {
        "apiVersion": INSTANCE.api_version,
        "kind": INSTANCE.kind,
        "metadata": {"name": name, "namespace": "ns", "uid": name, "resourceVersion": "1"},
    }


def lease(name: str, renewed: int) -> dict[str, Any]:
    return {
        "metadata": {
            "name": f"{name}-channels",
            "namespace": "ns",
            "labels": {"polyant.ai/instance": name},
            "annotations": {"polyant.ai/epoch": "1"},
        },
        "spec": {"holderIdentity": f"{name}-0_0a1b2c3d", "renewTime": str(renewed)},
    }


class Server(Client):
    """An API server with Leases, all of which are renewed before each look."""

    def __init__(self, *names: str) -> None:
        super().__init__(Access(server="http://unused"))
        self.renewed = dict.fromkeys(names, 0)
        self.asked: list[float] = []
        self.is_down = False

    @override
    async def send(self, request: Request) -> Object:
        self.asked.append(asyncio.get_running_loop().time())
        if self.is_down:
            raise errors.Unavailable("503")
        return {"metadata": {}, "items": [lease(*each) for each in self.renewed.items()]}

    def renew(self, *names: str) -> None:
        for name in names or self.renewed:
            self.renewed[name] += 1


class Around:
    """One look after the other, at a server with so many instances."""

    def __init__(self, *names: str, served: tuple[str, ...] | None = None) -> None:
        async def never(_: Key) -> float | None:
            raise AssertionError("nothing is worked on here")

        self.server, cache = Server(*names), Cache()
        for name in names if served is None else served:
            cache.put(instance(name))
        loop = asyncio.get_running_loop()
        self.leaders = Leaders(loop.time)
        self.queue = WorkQueue(never, TokenBucket(1, 1), lambda: 0.0)
        self.follower = FollowLeaders(self.server, cache, self.leaders, self.queue, ())

    async def look(self) -> int:
        """Look; says how many instances want work since the last look."""
        before = len(self.queue)
        await self.follower.look()
        return len(self.queue) - before


async def test_many_instances_cost_one_list_every_quarter_of_a_minute() -> None:
    around = Around(*(f"i{number}" for number in range(MANY)))
    task = asyncio.create_task(around.follower.follow(lambda: 0.5))

    await asyncio.sleep(61)

    task.cancel()
    assert around.server.asked == [15, 30, 45, 60]


async def test_nothing_is_asked_while_there_are_no_instances() -> None:
    around = Around("elsewhere", served=())

    await around.look()

    assert around.server.asked == []


async def test_a_lease_of_an_instance_that_is_not_served_is_nobodys() -> None:
    around = Around("mine", "theirs", served=("mine",))

    await around.look()

    assert not around.leaders.is_known(("ns", "theirs"))


async def test_only_who_is_not_led_any_more_wants_work() -> None:
    around = Around("fine", "lost", "gone")
    assert await around.look() == 3, "never seen before"
    around.queue = WorkQueue(around.queue._work, TokenBucket(1, 1), lambda: 0.0)
    around.follower._queue = around.queue
    for _ in range(2):
        await asyncio.sleep(15)
        around.server.renew()
        assert await around.look() == 0

    await asyncio.sleep(15)
    around.server.renew("fine")
    del around.server.renewed["gone"]

    assert await around.look() == 2
    assert await around.look() == 0, "it is told once"


async def test_a_look_that_fails_proves_nothing_and_is_made_up_for() -> None:
    around = Around("fine")
    task = asyncio.create_task(around.follower.follow(lambda: 0.5))
    await asyncio.sleep(16)
    around.server.is_down = True
    await asyncio.sleep(60)
    assert around.leaders.seen(("ns", "fine")).is_there

    around.server.is_down = False
    around.server.renew()
    await asyncio.sleep(15)

    task.cancel()
    assert around.leaders.seen(("ns", "fine")).missing_for == 0
