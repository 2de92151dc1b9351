"""What an apply would change is told field by field, and nothing that it would not touch."""

from typing import Any

from polyant_operator.kube.differences import differences


def live(spec: dict[str, Any], owned: dict[str, Any] | None = None) -> dict[str, Any]:
    entry = {"manager": "polyant-operator", "operation": "Apply", "fieldsV1": owned or {}}
    return {"metadata": {"name": "x", "managedFields": [entry]}, "spec": spec}


def told(before: dict[str, Any], spec: dict[str, Any]) -> list[tuple[str, object, object]]:
    wanted = {"metadata": {"name": "x"}, "spec": spec}
    return [(each.text, each.before, each.after) for each in differences(before, wanted)]


def test_a_changed_value_is_told_with_its_place() -> None:
    containers = [{"name": "engine", "image": "a"}, {"name": "theirs", "image": "b"}]

    found = told(
        live({"containers": containers}), {"containers": [{"name": "engine", "image": "c"}]}
    )

    assert found == [("spec.containers[engine].image", "a", "c")]


def test_what_others_have_set_stays_untold() -> None:
    assert told(live({"replicas": 3, "paused": True}), {"paused": True}) == []


def test_the_same_amount_written_otherwise_is_no_change() -> None:
    before = {"requests": {"cpu": "1", "memory": "1Gi"}}

    assert told(live(before), {"requests": {"cpu": "1000m", "memory": "1024Mi"}}) == []


def test_a_field_that_is_ours_and_no_longer_wanted_is_removed() -> None:
    owned: dict[str, Any] = {"f:spec": {"f:className": {}, "f:host": {}}}

    found = told(live({"className": "nginx", "host": "h"}, owned), {"host": "h"})

    assert found == [("spec.className", "nginx", None)]


def test_an_entry_that_is_ours_and_no_longer_wanted_is_removed() -> None:
    owned: dict[str, Any] = {
        "f:spec": {"f:env": {'k:{"name":"ONE"}': {".": {}}, 'k:{"name":"TWO"}': {".": {}}}}
    }
    env = [{"name": "ONE"}, {"name": "TWO"}, {"name": "THEIRS"}]

    found = told(live({"env": env}, owned), {"env": [{"name": "ONE"}]})

    assert found == [("spec.env[TWO]", {"name": "TWO"}, None)]


def test_a_key_with_a_default_may_be_left_out_of_a_manifest() -> None:
    key = 'k:{"containerPort":4000,"protocol":"TCP"}'
    owned: dict[str, Any] = {"f:spec": {"f:ports": {key: {".": {}, "f:containerPort": {}}}}}
    ports = [{"containerPort": 4000, "protocol": "TCP"}]

    assert told(live({"ports": ports}, owned), {"ports": [{"containerPort": 4000}]}) == []


def test_the_operators_notes_for_itself_are_no_change() -> None:
    wanted = {"metadata": {"name": "x", "annotations": {"polyant.ai/rollout": "spec-1"}}}

    assert differences(live({}), wanted) == ()
