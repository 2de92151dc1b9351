"""The slow comparison in virtual time: it starts however late, and makes up for a failed time soon."""

import asyncio

import pytest
from typing_extensions import override

from polyant_operator.handlers.queue import Key, WorkQueue
from polyant_operator.handlers.resync import Resync
from polyant_operator.kube import errors
from polyant_operator.kube.access import Access
from polyant_operator.kube.bucket import TokenBucket
from polyant_operator.kube.cache import Cache
from polyant_operator.kube.client import Client, Request
from polyant_operator.kube.discovery import Discovery
from polyant_operator.kube.kinds import INSTANCE, SERVICE, Kind, Object

pytestmark = pytest.mark.looptime

ACME = {"metadata": {"name": "acme", "namespace": "ns", "uid": "u", "resourceVersion": "1"}}


class Server(Client):
    """An API server with one instance, which fails as it is told."""

    def __init__(self) -> None:
        super().__init__(Access(server="http://unused"))
        self.failures: list[errors.KubeError] = []
        self.forbidden: set[Kind] = set()
        self.lists: list[float] = []

    @override
    async def send(self, request: Request) -> Object:
        kind = request.kind
        if kind == INSTANCE:
            self.lists.append(asyncio.get_running_loop().time())
            if self.failures:
                raise self.failures.pop(0)
        if kind in self.forbidden:
            raise errors.Forbidden(f"{kind.plural} are forbidden", 403)
        return {"metadata": {}, "items": [ACME] if kind == INSTANCE else []}


def resync_of(server: Server) -> tuple[Resync, WorkQueue]:
    async def never(_: Key) -> float | None:
        raise AssertionError("nothing is worked on here")

    queue = WorkQueue(never, TokenBucket(1, 1), lambda: 0.0)
    return Resync(server, Cache(), queue, (), Discovery(server, ())), queue


async def test_the_first_look_is_tried_until_the_api_server_allows_it() -> None:
    server = Server()
    server.failures = [errors.Unavailable("down"), errors.Forbidden("not yet", 403)]
    resync, queue = resync_of(server)

    await resync.first()

    assert len(server.lists) == 3
    assert len(queue) == 1


async def test_a_lost_right_to_one_kind_keeps_nothing_else_from_being_looked_at() -> None:
    server = Server()
    server.forbidden = {SERVICE}
    resync, queue = resync_of(server)

    await resync.once()

    assert len(queue) == 1


async def test_a_failed_comparison_is_made_up_for_within_seconds() -> None:
    server = Server()
    server.failures = [errors.Unavailable("down")]
    resync, _ = resync_of(server)
    task = asyncio.create_task(resync.run(600, lambda: 0.5))

    await asyncio.sleep(1300)
    task.cancel()

    assert [round(at) for at in server.lists] == [600, 615, 1215]


async def test_who_may_have_missed_events_gets_a_comparison_at_once() -> None:
    server = Server()
    resync, queue = resync_of(server)
    task = asyncio.create_task(resync.run(600, lambda: 0.5))
    await asyncio.sleep(10)

    resync.want()
    await asyncio.sleep(1)
    task.cancel()

    assert [round(at) for at in server.lists] == [10]
    assert len(queue) == 1, "looked at now, not spread over minutes"
