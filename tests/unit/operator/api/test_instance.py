"""Parsing an instance: strict, complete, and with every problem at once."""

from types import MappingProxyType
from typing import Any

import pytest
from pydantic import ValidationError

from polyant_operator.api.errors import InvalidInstance
from polyant_operator.api.instance import parse
from support.refusal import instance

VOLUMES = [{"name": "ca", "configMap": {"name": "ca"}}]


def refused(body: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInstance) as caught:
        parse(body)
    return [(error.path, error.text) for error in caught.value.errors]


def test_everything_has_a_default_but_the_database() -> None:
    found = parse(instance())

    assert (
        found.spec.engine.replicas,
        found.spec.database.pool_size,
        found.spec.edge.exists,
        found.spec.deletion_policy.value,
        found.status.observed_generation,
    ) == (1, 10, False, "Retain", -1)


def test_a_parsed_instance_is_frozen() -> None:
    found = parse(instance())

    with pytest.raises(ValidationError, match="frozen"):
        found.spec.paused = True  # type: ignore[misc] # that is the point


def test_a_read_only_view_is_parsed() -> None:
    """Watches hand objects out as views, not as dictionaries."""
    assert parse(MappingProxyType(instance())).name == "acme"


def test_every_problem_is_named_at_once() -> None:
    body = instance(
        {
            "version": "a b",
            "imagePullPolicy": "Sometimes",
            "edge": {"type": "Ingress"},
            "engine": {"replicas": 101, "env": [{"name": "PORT", "value": "1"}]},
            "web": {"replicas": "2"},
            "databse": {},
        },
        "Acme",
    )

    assert [path for path, _ in refused(body)] == [
        "metadata.name",
        "spec.databse",
        "spec.edge",
        "spec.engine.env[0]",
        "spec.engine.replicas",
        "spec.imagePullPolicy",
        "spec.version",
        "spec.web.replicas",
    ]


def test_a_number_as_text_is_no_number() -> None:
    assert refused(instance({"engine": {"replicas": "2"}})) == [
        (
            "spec.engine.replicas",
            "'2' is refused: input should be a valid integer; correct the value",
        )
    ]


def test_null_is_named_as_such() -> None:
    """The API server drops a null where there is a default; a file may still hold one."""
    assert refused(instance({"channels": None, "engine": {"env": [None]}})) == [
        ("spec.channels", "is null; leave the field out to get its default"),
        ("spec.engine.env[0]", "is null; leave the field out to get its default"),
    ]


def test_an_unknown_field_is_no_silent_default() -> None:
    assert refused(instance({"engine": {"replica": 2}})) == [
        (
            "spec.engine.replica",
            "is not a field of this version; correct its spelling or remove it",
        )
    ]


def test_what_a_newer_operator_wrote_into_the_status_is_left_alone() -> None:
    body = {**instance(), "status": {"observedGeneration": 3, "channelLeader": {"pod": "x"}}}

    assert parse(body).status.observed_generation == 3


def test_a_long_value_is_shortened() -> None:
    (error,) = refused(instance({"imagePullPolicy": "x" * 500}))

    assert len(error[1]) < 300


def test_a_mount_of_an_unknown_volume_is_refused() -> None:
    """No schema can see both places."""
    mounts = [{"name": "cb", "mountPath": "/etc/ca"}]
    body = instance({"engine": {"pod": {"extraVolumes": VOLUMES, "extraVolumeMounts": mounts}}})

    cure = "add it to spec.engine.pod.extraVolumes or correct the name"

    assert refused(body) == [
        (
            "spec.engine.pod.extraVolumeMounts",
            f"'/etc/ca' mounts volume 'cb', which is not defined; {cure}",
        )
    ]


def test_a_component_may_mount_a_volume_of_the_defaults() -> None:
    mounts = [{"name": "ca", "mountPath": "/etc/ca"}]

    parse(
        instance(
            {
                "podDefaults": {"extraVolumes": VOLUMES},
                "engine": {"pod": {"extraVolumeMounts": mounts}},
            }
        )
    )


@pytest.mark.parametrize(
    ("request_", "limit", "above"),
    [
        ("512Mi", "1G", False),
        ("1Gi", "1G", True),
        (2, "1500m", True),
        ("1500m", 2, False),
        ("1e3", "1k", False),
        ("0.5", ".4", True),
        ("900m", "1", False),
    ],
)
def test_a_request_above_its_limit_is_refused(
    request_: str | int, limit: str | int, *, above: bool
) -> None:
    resources = {"requests": {"memory": request_}, "limits": {"memory": limit}}
    body = instance({"web": {"pod": {"resources": resources}}})
    text = f"memory '{request_}' is above the limit '{limit}'; lower the request or raise the limit"

    if above:
        assert refused(body) == [("spec.web.pod.resources.requests", text)]
    else:
        parse(body)


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"imagePullSecrets": [{"name": "a"}, {"name": "a"}]}, "spec.imagePullSecrets"),
        ({"web": {"env": [{"name": "A"}, {"name": "A"}]}}, "spec.web.env"),
        ({"podDefaults": {"extraVolumes": VOLUMES * 2}}, "spec.podDefaults.extraVolumes"),
        (
            {"web": {"pod": {"topologySpreadConstraints": [{"topologyKey": "a"}] * 2}}},
            "spec.web.pod.topologySpreadConstraints",
        ),
    ],
)
def test_two_entries_of_one_name_are_refused(spec: dict[str, Any], path: str) -> None:
    assert [place for place, _ in refused(instance(spec))] == [path]


@pytest.mark.parametrize("kind", ["Deployment", "polyantinstance", ""])
def test_another_kind_is_refused(kind: str) -> None:
    assert [place for place, _ in refused({**instance(), "kind": kind})] == ["kind"]
