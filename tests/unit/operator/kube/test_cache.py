"""The cache: grouped, trimmed, never going back in time, never holding Secrets."""

from typing import Any

from polyant_operator.kube.cache import Cache
from polyant_operator.kube.kinds import INSTANCE, SECRET, SERVICE, Object, Ref


def service(version: int, *, name: str = "s", uid: str = "u", **more: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": "ns",
            "uid": uid,
            "resourceVersion": str(version),
            "labels": {"polyant.ai/instance": "acme"},
            "managedFields": ["noise"],
        },
        **more,
    }


REF = Ref(SERVICE, "ns", "s")


def test_an_older_version_never_replaces_a_newer_one() -> None:
    cache = Cache()

    assert cache.put(service(10, spec="new"))
    assert not cache.put(service(9, spec="old"))

    assert cache.children("ns", "acme")[REF]["spec"] == "new"


def test_a_version_that_is_known_is_no_news() -> None:
    cache = Cache()
    cache.put(service(10))

    assert not cache.put(service(10))
    assert cache.put(service(11))


def test_a_namesake_is_news_whatever_its_version() -> None:
    cache = Cache()
    cache.put(service(10))

    assert cache.put(service(3, uid="other"))


def test_a_delete_that_comes_late_does_not_take_the_namesake() -> None:
    cache = Cache()
    cache.put(service(10, uid="other"))

    cache.drop(service(5))

    assert REF in cache.children("ns", "acme")


def test_noise_is_not_kept() -> None:
    cache = Cache()
    cache.put(service(1))

    assert "managedFields" not in cache.children("ns", "acme")[REF]["metadata"]


def test_secrets_are_not_kept() -> None:
    cache = Cache()

    assert not cache.put({**service(1), "kind": SECRET.kind})
    assert cache.children("ns", "acme") == {}


def test_a_list_finds_what_vanished_and_spares_what_came_meanwhile() -> None:
    cache = Cache()
    cache.put(service(1))
    cache.put(service(2, name="kept"))
    before = cache.versions(SERVICE)
    cache.put(service(3, name="made meanwhile"))

    present = {cache.refresh(service(2, name="kept"), before)}
    vanished = cache.forget_vanished(present, before)

    assert vanished == {REF}
    names = {ref.name for ref in cache.children("ns", "acme")}
    assert names == {"kept", "made meanwhile"}


def test_instances_are_found_by_name() -> None:
    cache = Cache()
    cache.put(
        {**service(1, name="acme"), "apiVersion": INSTANCE.api_version, "kind": INSTANCE.kind}
    )

    assert cache.instance("ns", "acme") is not None
    assert cache.refs(INSTANCE) == {Ref(INSTANCE, "ns", "acme")}


def test_a_list_of_a_restored_cluster_is_believed() -> None:
    cache = Cache()
    cache.put(service(100, spec="lost future"))

    cache.refresh(service(50, spec="restored"), cache.versions(SERVICE))

    assert cache.children("ns", "acme")[REF]["spec"] == "restored"


def test_a_list_that_is_older_than_what_came_meanwhile_is_not() -> None:
    cache = Cache()
    cache.put(service(50))
    before = cache.versions(SERVICE)
    cache.put(service(60, spec="newest"))

    cache.refresh(service(55), before)

    assert cache.children("ns", "acme")[REF]["spec"] == "newest"


def test_a_version_is_known_from_then_on_until_it_is_dropped() -> None:
    cache = Cache()
    assert not cache.knows(service(10))

    cache.put(service(10))

    assert cache.knows(service(10))
    assert cache.knows(service(9))
    assert not cache.knows(service(11))
    assert not cache.knows(service(10, uid="namesake"))
    cache.drop(service(10))
    assert not cache.knows(service(10))


def test_what_belongs_to_no_instance_is_never_known() -> None:
    foreign = service(1)
    del foreign["metadata"]["labels"]

    assert not Cache().knows(foreign)
