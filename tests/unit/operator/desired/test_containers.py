"""The user's own containers: before ours, and as restricted as the user leaves them."""

from typing import Any

import pytest

from polyant_operator.api.pod import Pod
from polyant_operator.desired import containers, placement

IMAGE = {"image": "registry.test/i:1"}


def pod(**fields: Any) -> Pod:
    return Pod.model_validate(fields)


def test_sidecars_start_first_and_keep_running() -> None:
    built = containers.build(
        pod(initContainers=[{"name": "once", **IMAGE}], sidecars=[{"name": "beside", **IMAGE}])
    )

    assert [(each["name"], each.get("restartPolicy")) for each in built] == [
        ("beside", "Always"),
        ("once", None),
    ]


def test_what_restricted_asks_for_is_laid_under() -> None:
    (built,) = containers.build(pod(sidecars=[{"name": "beside", **IMAGE}]))

    assert built["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({"allowPrivilegeEscalation": True}, {"allowPrivilegeEscalation": True}),
        ({"runAsUser": 0}, {"runAsUser": 0}),
        ({"capabilities": {"drop": ["CHOWN"]}}, {"capabilities": {"drop": ["CHOWN"]}}),
        (
            {"capabilities": {"add": ["NET_BIND_SERVICE"]}},
            {"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}},
        ),
    ],
)
def test_what_the_user_says_wins(own: dict[str, Any], expected: dict[str, Any]) -> None:
    (built,) = containers.build(pod(sidecars=[{"name": "c", "securityContext": own, **IMAGE}]))

    laid_under = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert built["securityContext"] == {**laid_under, **expected}


def test_a_components_container_replaces_the_default_of_its_name() -> None:
    defaults = pod(sidecars=[{"name": "a", **IMAGE}, {"name": "b", **IMAGE}])
    own = pod(sidecars=[{"name": "b", "image": "registry.test/other:2"}])

    built = containers.build(placement.merged(defaults, own))

    assert [(each["name"], each["image"]) for each in built] == [
        ("a", "registry.test/i:1"),
        ("b", "registry.test/other:2"),
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, {"requests": {"cpu": "100m", "memory": "1Mi"}}),
        ({"requests": {"memory": "2Mi"}}, {"requests": {"memory": "2Mi", "cpu": "100m"}}),
        ({"limits": {"cpu": 1}}, {"limits": {"cpu": "1"}}),
        ({"requests": {"cpu": "1"}}, {"requests": {"cpu": "1"}}),
    ],
)
def test_a_needed_request_is_there_in_any_case(
    given: dict[str, Any] | None, expected: dict[str, Any]
) -> None:
    """The API server takes a limit for a request that is left out."""
    chosen = pod() if given is None else pod(resources=given)

    assert placement.resources(chosen, {"cpu": "100m", "memory": "1Mi"}, "cpu") == expected
