"""How kopf is set: server-side selectors everywhere, nothing kept, nothing compared."""

import asyncio

import kopf
import pytest

from polyant_operator.handlers import watch_settings
from polyant_operator.kube.kinds import INSTANCE, LEASE, SECRET, WATCHED_CHILDREN


@pytest.mark.parametrize(
    ("shard", "instances"), [("", "!polyant.ai/shard"), ("7", "polyant.ai/shard=7")]
)
def test_the_api_server_is_asked_for_one_shard_only(shard: str, instances: str) -> None:
    selectors = watch_settings.settings("l", shard).watching.label_selectors

    assert selectors[watch_settings.selector(INSTANCE)] == instances
    for kind in WATCHED_CHILDREN:
        assert selectors[watch_settings.selector(kind)] == f"polyant.ai/instance,{instances}"


def test_of_secrets_and_leases_only_those_are_watched_that_say_something() -> None:
    watching = watch_settings.settings("mine").watching

    assert watching.label_selectors[watch_settings.selector(SECRET)] == "polyant.ai/reload=true"
    assert watching.field_selectors[watch_settings.selector(LEASE)] == "metadata.name=mine"


def test_nothing_is_compared_and_nothing_would_be_written() -> None:
    storage = watch_settings.settings("l").persistence.diffbase_storage
    body = kopf.Body({"metadata": {"name": "a"}, "spec": {"large": "object"}})
    patch = kopf.Patch()

    storage.store(body=body, patch=patch, essence=storage.build(body=body))

    assert storage.fetch(body=body) is None
    assert storage.build(body=body) == {}
    assert not patch


async def test_an_idle_worker_takes_what_is_there_before_it_ends() -> None:
    """With 0 as the time-out, Python 3.11 never would, and kopf would turn in circles."""
    queue: asyncio.Queue[str] = asyncio.Queue()
    queue.put_nowait("event")

    assert await asyncio.wait_for(queue.get(), watch_settings.IDLE_SECONDS) == "event"
