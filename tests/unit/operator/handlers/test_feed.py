"""What an event of a watch leads to, and what it does not."""

from collections.abc import Callable
from typing import Any

import pytest

from polyant_operator.handlers.canary import Canary
from polyant_operator.handlers.feed import Feed
from polyant_operator.handlers.queue import Key, WorkQueue
from polyant_operator.kube.bucket import TokenBucket
from polyant_operator.kube.cache import Cache
from polyant_operator.kube.kinds import Object

pytestmark = pytest.mark.looptime


def obj(kind: str, name: str, version: int = 1, **labels: str) -> Object:
    api = {"PolyantInstance": "polyant.ai/v1alpha1", "Deployment": "apps/v1"}.get(kind, "v1")
    metadata: dict[str, Any] = {"name": name, "namespace": "ns", "uid": name}
    metadata |= {"resourceVersion": str(version), "labels": labels}
    return {"apiVersion": api, "kind": kind, "metadata": metadata}


def child(version: int = 1) -> Object:
    return obj("Deployment", "acme-engine", version, **{"polyant.ai/instance": "acme"})


async def never(_: Key) -> float | None:
    raise AssertionError


class Setup:
    """A feed with nobody working."""

    def __init__(self, sing: Callable[[], None] = lambda: None) -> None:
        self.cache = Cache()
        self.queue = WorkQueue(never, TokenBucket(1, 1), lambda: 0.0)
        self.feed = Feed(self.cache, self.queue, sing)


async def test_a_changed_child_wants_its_instance() -> None:
    setup = Setup()

    setup.feed.object_changed("MODIFIED", child())

    assert len(setup.queue) == 1
    assert len(setup.cache.children("ns", "acme")) == 1


async def test_our_own_write_coming_back_wants_nothing() -> None:
    setup = Setup()
    setup.cache.put(child(5))

    setup.feed.object_changed("MODIFIED", child(5))
    setup.feed.object_changed(None, child(4))

    assert len(setup.queue) == 0


async def test_what_a_relist_repeats_is_old_news_and_a_delete_never_is() -> None:
    setup = Setup()
    setup.cache.put(child(5))

    assert setup.feed.is_old_news(None, child(5))
    assert not setup.feed.is_old_news("MODIFIED", child(6))
    assert not setup.feed.is_old_news("DELETED", child(5))


async def test_a_deleted_child_is_forgotten_and_wanted_back() -> None:
    setup = Setup()
    setup.cache.put(child(5))

    setup.feed.object_changed("DELETED", child(6))

    assert len(setup.queue) == 1
    assert setup.cache.children("ns", "acme") == {}


async def test_an_object_without_an_instance_wants_nothing() -> None:
    setup = Setup()

    setup.feed.object_changed("ADDED", obj("Deployment", "foreign"))

    assert len(setup.queue) == 0


async def test_a_changed_secret_wants_every_instance_beside_it() -> None:
    setup = Setup()
    for name in ("one", "two"):
        setup.cache.put(obj("PolyantInstance", name))
    elsewhere = obj("PolyantInstance", "three")
    elsewhere["metadata"]["namespace"] = "other"
    setup.cache.put(elsewhere)

    setup.feed.secret_changed("MODIFIED", obj("Secret", "s"))

    assert len(setup.queue) == 2


async def test_a_first_list_of_secrets_is_no_change() -> None:
    setup = Setup()
    setup.cache.put(obj("PolyantInstance", "one"))

    setup.feed.secret_changed(None, obj("Secret", "s"))

    assert len(setup.queue) == 0


async def test_the_canary_sings_and_its_silence_is_a_problem() -> None:
    now = [0.0]
    canary = Canary(lambda: now[0])
    setup = Setup(canary.sing)
    now[0] = 1000
    assert canary.problem() is None, "nothing is expected of a standby"
    canary.start()
    now[0] += 119
    setup.feed.lease_changed("MODIFIED", obj("Lease", "l"))
    now[0] += 119
    assert canary.problem() is None

    now[0] += 2

    assert canary.problem() == "no event came through the watches for 121 s"
    canary.stop()
    assert canary.problem() is None
