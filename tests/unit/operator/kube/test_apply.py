"""The no-op guard: what counts as "already so", and what makes a request."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from polyant_operator.api.labels import APPLIED
from polyant_operator.kube.access import Access
from polyant_operator.kube.apply import SETTLED_SECONDS, Applier, fingerprint
from polyant_operator.kube.cache import Cache
from polyant_operator.kube.client import Client
from polyant_operator.kube.comparison import holds, kept
from polyant_operator.kube.kinds import Object, ref_of

# As the API server knows them.
INTEGERS = st.integers(min_value=-(2**63), max_value=2**63 - 1)
JSON = st.recursive(
    st.one_of(st.booleans(), INTEGERS, st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_a_value_holds_itself(value: Any) -> None:
    assert holds(value, value)


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=3), JSON)
def test_foreign_fields_beside_ours_change_nothing(ours: dict[str, Any], extra: Any) -> None:
    assert holds({**ours, "foreign field": extra}, ours)


@pytest.mark.parametrize(
    ("live", "wanted"),
    [
        ({"limits": {"cpu": "1"}}, {"limits": {"cpu": "1000m"}}),
        ({"limits": {"memory": "1Gi"}}, {"limits": {"memory": "1024Mi"}}),
        ({"emptyDir": {"sizeLimit": "1G"}}, {"emptyDir": {"sizeLimit": "1000M"}}),
        ([{"name": "a", "x": 1}, {"name": "injected"}], [{"name": "a"}]),
        ([{"name": "b"}, {"name": "a"}], [{"name": "a"}, {"name": "b"}]),
        ({}, {"value": "", "list": [], "map": {}}),
        # Two listeners of one Gateway.
        (
            [{"name": "a", "x": 1}, {"name": "a", "x": 2}],
            [{"name": "a", "x": 1}, {"name": "a", "x": 2}],
        ),
    ],
)
def test_what_the_api_server_or_others_may_make_of_it_is_held(live: Any, wanted: Any) -> None:
    assert holds(live, wanted)


@pytest.mark.parametrize(
    ("live", "wanted"),
    [
        ({"a": 1}, {"a": 2}),
        ({}, {"a": False}),
        ({"a": None}, {"a": {"b": 1}}),
        ([1], [1, 2]),
        ([1, 2], [1]),
        ([{"name": "a"}], [{"name": "b"}]),
        (
            [{"name": "a", "x": 1}, {"name": "a", "x": 1}],
            [{"name": "a", "x": 1}, {"name": "a", "x": 2}],
        ),
        ({"env": {"value": "1"}}, {"env": {"value": "1000m"}}),
        ("text", {"a": 1}),
    ],
)
def test_a_lost_or_changed_value_is_not_held(live: Any, wanted: Any) -> None:
    assert not holds(live, wanted)


@given(JSON)
def test_a_fingerprint_does_not_depend_on_the_order_of_keys(value: Any) -> None:
    first = {"a": value, "b": 1}
    second = {"b": 1, "a": value}

    assert fingerprint(first) == fingerprint(second)


class Server(Client):
    """An API server that keeps a Service as it was sent, or in a form of its own."""

    def __init__(self, *, keeps: bool = True) -> None:
        super().__init__(Access(server="http://unused"))
        self.keeps = keeps
        self.requests = 0

    @override
    async def apply(self, manifest: Object) -> Object:
        self.requests += 1
        stored = {**manifest, "spec": manifest["spec"] if self.keeps else {"other": "form"}}
        metadata = {**manifest["metadata"], "resourceVersion": "7", "uid": "u"}
        return {**stored, "metadata": metadata}


def service(port: int = 80) -> Object:
    metadata = {"name": "s", "namespace": "ns", "labels": {"polyant.ai/instance": "acme"}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"port": port}}


def only(cache: Cache) -> Object:
    (found,) = cache.children("ns", "acme").values()
    return found


async def test_an_object_is_applied_once_and_then_left_alone() -> None:
    server, cache = Server(), Cache()
    applier = Applier(server, cache)

    assert await applier.apply(service(), None)
    assert not await applier.apply(service(), only(cache))
    assert not await Applier(server, cache).apply(service(), only(cache))

    assert server.requests == 1
    assert only(cache)["metadata"]["annotations"][APPLIED] == fingerprint(service())


async def test_another_wish_is_applied() -> None:
    server, cache = Server(), Cache()
    applier = Applier(server, cache)
    await applier.apply(service(), None)

    assert await applier.apply(service(81), only(cache))


async def test_a_removed_field_is_applied_although_the_rest_is_held() -> None:
    server, cache = Server(), Cache()
    applier = Applier(server, cache)
    await applier.apply(service(), None)
    smaller = {**service(), "spec": {}}

    assert await applier.apply(smaller, only(cache))


async def test_a_form_of_the_api_servers_own_makes_no_endless_loop() -> None:
    server, cache = Server(keeps=False), Cache()
    applier = Applier(server, cache)
    await applier.apply(service(), None)

    for _ in range(3):
        assert not await applier.apply(service(), only(cache))

    assert server.requests == 1


async def test_a_policy_that_has_the_last_word_is_not_written_against() -> None:
    """A Deployment's version moves with each status, its form does not."""
    server, cache = Server(keeps=False), Cache()
    applier = Applier(server, cache)
    await applier.apply(service(), None)
    live = only(cache)
    reported = {
        **live,
        "metadata": {**live["metadata"], "resourceVersion": "8"},
        "status": {"x": 1},
    }

    assert not await applier.apply(service(), reported)
    assert applier.is_current(service(), reported)


async def test_a_change_beyond_what_a_policy_made_of_it_is_put_back() -> None:
    server, cache = Server(keeps=False), Cache()
    applier = Applier(server, cache)
    await applier.apply(service(), None)
    live = only(cache)
    edited = {**live, "metadata": {**live["metadata"], "resourceVersion": "8"}}
    edited["spec"] = {"port": 81}

    assert await applier.apply(service(), edited)
    assert applier.fights.repairs(ref_of(service())) == 1


async def test_a_policy_that_is_gone_is_noticed_after_an_hour() -> None:
    now = 0.0
    server, cache = Server(keeps=False), Cache()
    applier = Applier(server, cache, lambda: now)
    await applier.apply(service(), None)
    server.keeps, now = True, SETTLED_SECONDS - 1
    assert not await applier.apply(service(), only(cache))

    now = SETTLED_SECONDS
    assert applier.is_current(service(), only(cache)), "who is paused is told nothing new"
    assert await applier.apply(service(), only(cache))


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=3), JSON)
def test_what_is_kept_of_ours_does_not_depend_on_foreign_fields(
    ours: dict[str, Any], extra: Any
) -> None:
    assert kept({**ours, "foreign field": extra}, ours) == kept(ours, ours)
