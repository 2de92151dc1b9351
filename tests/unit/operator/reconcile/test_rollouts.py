"""Who may roll, who waits, and who is next."""

from typing import Any

from polyant_operator.kube.cache import Cache
from polyant_operator.kube.kinds import Object
from polyant_operator.reconcile.rollouts import Rollouts

NAMES = [f"i{number:02}" for number in range(12)]


def instance(name: str, reason: str = "Ready", since: str = "") -> Object:
    ready = {"type": "Ready", "reason": reason, "lastTransitionTime": since}
    return {
        "apiVersion": "polyant.ai/v1alpha1",
        "kind": "PolyantInstance",
        "metadata": {"name": name, "namespace": "ns", "uid": f"u-{name}"},
        "status": {"conditions": [ready]},
    }


def child(kind: str, api: str, name: str, owner: str, **more: Any) -> Object:
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": "ns",
        "uid": name,
        "generation": 2,
        "labels": {"polyant.ai/instance": owner},
        "annotations": {"polyant.ai/rollout": more.pop("mark")},
    }
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": {"replicas": 1}, **more}


def engine(owner: str, mark: str, *, rolled_out: bool) -> Object:
    counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    status = dict.fromkeys(counts, 1) | {"observedGeneration": 2 if rolled_out else 1}
    return child("Deployment", "apps/v1", f"{owner}-engine", owner, mark=mark, status=status)


def job(owner: str, mark: str) -> Object:
    return child("Job", "batch/v1", f"{owner}-migrate-0123456789", owner, mark=mark)


def rollouts(*objects: Object, places: int = 5) -> Rollouts:
    cache = Cache()
    for obj in (*objects, *map(instance, NAMES)):
        cache.put(obj)  # what is known already stays
    return Rollouts(cache, places)


def granted(found: Rollouts, names: list[str]) -> list[str]:
    return [name for name in names if found.ask(("ns", name)) is None]


def test_so_many_may_roll_and_no_more() -> None:
    assert granted(rollouts(), NAMES) == NAMES[:5]


def test_who_has_a_place_keeps_it_when_asking_again() -> None:
    found = rollouts()
    granted(found, NAMES)

    assert granted(found, NAMES) == NAMES[:5]


def test_a_free_place_goes_to_the_first_in_the_line() -> None:
    found, woken = rollouts(), []
    found.wake = lambda _, name: woken.append(name)
    granted(found, NAMES)
    found.leave(("ns", NAMES[2]))

    assert woken == [NAMES[5]]
    assert granted(found, NAMES[6:]) == []
    assert granted(found, NAMES[5:]) == [NAMES[5]]


def test_who_leaves_the_line_holds_nobody_up() -> None:
    found = rollouts()
    granted(found, NAMES)
    found.leave(("ns", NAMES[5]))
    found.leave(("ns", NAMES[0]))

    assert granted(found, [NAMES[6]]) == [NAMES[6]]


def test_the_message_says_who_has_the_places_and_what_to_do() -> None:
    found = rollouts()
    granted(found, NAMES)
    queued = found.ask(("ns", NAMES[6]))

    assert queued is not None
    assert "waits as number 2" in queued.message
    assert "at most 5 instances" in queued.message
    assert "ns/i00, ns/i01, ns/i02, ns/i03, ns/i04" in queued.message
    assert "a change of this instance's spec rolls it at once" in queued.message


def test_after_a_restart_unfinished_rollouts_still_have_their_places() -> None:
    rolling = [engine(name, "operator/0123456789", rolled_out=False) for name in NAMES[7:10]]
    migrating = [engine(NAMES[10], "", rolled_out=True), job(NAMES[10], "operator/0123456789")]
    found = rollouts(*rolling, *migrating)

    assert granted(found, NAMES[:3]) == NAMES[:1]


def test_what_users_asked_for_and_what_is_finished_takes_no_place() -> None:
    asked = [engine(name, "spec/0123456789", rolled_out=False) for name in NAMES[:6]]
    finished = [engine(name, "operator/0123456789", rolled_out=True) for name in NAMES[6:]]
    done = [job(name, "operator/0123456789") for name in NAMES[6:]]

    assert granted(rollouts(*asked, *finished, *done), NAMES) == NAMES[:5]


def test_after_a_restart_the_line_is_in_its_old_order() -> None:
    waiting = [
        instance(name, "RolloutQueued", f"2026-01-01T00:00:{20 - number:02}Z")
        for number, name in enumerate(NAMES[6:9])
    ]
    found = rollouts(*waiting, places=1)

    assert granted(found, NAMES) == [NAMES[8]]
