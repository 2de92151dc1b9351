"""What holds for every object of every instance."""

import json
import re
from collections.abc import Iterator, Mapping

from hypothesis import HealthCheck, given, settings

from polyant_operator.api.environment import RESERVED
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component
from polyant_operator.desired import replicas, secrets, tree
from polyant_operator.desired.context import Context, Manifest
from support import environment, podsecurity
from support.instances import instances

CONTEXT = Context(
    secret_digests=dict.fromkeys(Component, "d" * 32), migration_hash="f" * 32, migration_attempt=3
)
MANY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
CONTAINERS: Mapping[environment.Process, str] = {
    "engine": "engine",
    "web": "web",
    "migrate": "migrate",
}


def every(instance: PolyantInstance) -> tuple[Manifest, ...]:
    return (
        *tree.always(instance, CONTEXT),
        tree.migration_job(instance, CONTEXT),
        *tree.workloads(instance, CONTEXT),
    )


def pods(instance: PolyantInstance) -> Iterator[Manifest]:
    for manifest in every(instance):
        if "template" in manifest.get("spec", {}):
            yield manifest["spec"]["template"]


@MANY
@given(instances())
def test_the_same_input_gives_the_same_bytes(instance: PolyantInstance) -> None:
    text = instance.model_dump_json(by_alias=True, exclude_unset=True)
    again = PolyantInstance.model_validate_json(text)

    assert json.dumps(every(instance)) == json.dumps(every(again))


@MANY
@given(instances())
def test_every_object_is_plain_data(instance: PolyantInstance) -> None:
    assert list(every(instance)) == json.loads(json.dumps(every(instance)))


@MANY
@given(instances())
def test_every_name_fits_into_a_label(instance: PolyantInstance) -> None:
    # Kubernetes adds a dash and five characters for a Job's pod, and the ordinal for a volume.
    names = [manifest["metadata"]["name"] for manifest in every(instance)]
    longest = max(len(name) + 6 for name in names)

    assert (longest <= 63, len(f"data-{instance.names.database}-0") <= 63) == (True, True)


@MANY
@given(instances())
def test_no_two_objects_are_the_same(instance: PolyantInstance) -> None:
    keys = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in every(instance)]

    assert len(keys) == len(set(keys))


@MANY
@given(instances())
def test_every_object_goes_with_its_instance(instance: PolyantInstance) -> None:
    owners = {
        (reference["kind"], reference["name"], reference["uid"], reference["controller"])
        for manifest in every(instance)
        for reference in manifest["metadata"]["ownerReferences"]
    }

    assert owners == {("PolyantInstance", instance.name, instance.uid, True)}


@MANY
@given(instances())
def test_every_object_carries_the_labels(instance: PolyantInstance) -> None:
    found = [manifest["metadata"] for manifest in (*every(instance), *pods(instance))]
    found = [metadata.get("metadata", metadata) for metadata in found]
    wanted = {
        "app.kubernetes.io/name": "polyant",
        "app.kubernetes.io/instance": instance.name,
        "app.kubernetes.io/managed-by": "polyant-operator",
        "polyant.ai/instance": instance.name,
    }

    assert [
        metadata for metadata in found if not wanted.items() <= metadata["labels"].items()
    ] == []


@MANY
@given(instances())
def test_every_pod_is_restricted(instance: PolyantInstance) -> None:
    assert [podsecurity.violations(pod["spec"]) for pod in pods(instance)] == [
        [] for _ in pods(instance)
    ]


@MANY
@given(instances())
def test_every_pod_has_a_read_only_root_and_bounded_scratch(instance: PolyantInstance) -> None:
    for pod in pods(instance):
        contexts = [container["securityContext"] for container in pod["spec"]["containers"]]
        scratch = [volume["emptyDir"] for volume in pod["spec"]["volumes"] if "emptyDir" in volume]

        assert all(context["readOnlyRootFilesystem"] for context in contexts)
        assert all("sizeLimit" in volume for volume in scratch)


@MANY
@given(instances())
def test_only_the_engine_has_an_identity(instance: PolyantInstance) -> None:
    accounts = {
        container["name"]: (
            pod["spec"].get("serviceAccountName"),
            pod["spec"]["automountServiceAccountToken"],
            any("projected" in volume for volume in pod["spec"]["volumes"]),
        )
        for pod in pods(instance)
        for container in pod["spec"]["containers"]
    }
    engine = accounts.pop("engine")

    assert (engine, set(accounts.values())) == (
        (instance.names.engine, False, True),
        {(None, False, False)},
    )


@MANY
@given(instances())
def test_replicas_are_in_no_applied_deployment(instance: PolyantInstance) -> None:
    deployments = [each for each in every(instance) if each["kind"] == "Deployment"]
    names = {each["metadata"]["name"] for each in deployments}

    assert (
        [each for each in deployments if "replicas" in each["spec"]],
        names == set(replicas.wanted(instance)),
    ) == ([], True)


@MANY
@given(instances())
def test_every_variable_is_read_by_its_process(instance: PolyantInstance) -> None:
    for process, container in CONTAINERS.items():
        ours = {name: name for name in _variables(instance, container) if name[:3] != "MY_"}

        assert (environment.unread(process, ours), environment.missing(process, ours)) == (
            set(),
            set(),
        )


@MANY
@given(instances())
def test_what_is_set_is_what_the_table_says(instance: PolyantInstance) -> None:
    for process, container in CONTAINERS.items():
        rows = [row for row in environment.table().values() if process in row.operator]
        always = {row.name for row in rows if row.operator[process] == "always"}
        ours = {name for name in _variables(instance, container) if name[:3] != "MY_"}
        foreign = {name for name in ours if not any(row.is_named(name) for row in rows)}

        assert (always - ours, foreign) == (set(), set())


@MANY
@given(instances())
def test_no_variable_is_set_twice(instance: PolyantInstance) -> None:
    for name in ("engine", "web", "migrate"):
        found = list(_variables(instance, name))

        assert len(found) == len(set(found))


@MANY
@given(instances())
def test_the_password_of_the_admin_reaches_the_migration_only(instance: PolyantInstance) -> None:
    reached = [
        name
        for name in ("engine", "web", "migrate")
        if "INITIAL_ADMIN_PASSWORD" in _variables(instance, name)
    ]

    assert reached == ["migrate"]


@MANY
@given(instances())
def test_the_panel_gets_no_database(instance: PolyantInstance) -> None:
    names = list(_variables(instance, "web"))

    assert not {"DATABASE_URL", "ENCRYPTION_KEY", "POSTGRES_PASSWORD"} & set(names)


@MANY
@given(instances())
def test_generated_secrets_are_kept_unless_told_otherwise(instance: PolyantInstance) -> None:
    for secret in secrets.wanted(instance):
        created = secrets.creation(instance, secret, bytes(secrets.RANDOM_BYTES))
        applied = secrets.metadata(instance, secret)

        assert (
            created["immutable"],
            "ownerReferences" in created["metadata"],
            "data" in applied,
            "app.kubernetes.io/instance" in applied["metadata"]["labels"],
        ) == (True, False, False, False)


@MANY
@given(instances())
def test_what_the_operator_sets_is_reserved(instance: PolyantInstance) -> None:
    ours = [
        name
        for container in CONTAINERS.values()
        for name in _variables(instance, container)
        if name[:3] != "MY_"
    ]

    assert [name for name in ours if not re.fullmatch(RESERVED, name)] == []


def _variables(instance: PolyantInstance, container: str) -> Iterator[str]:
    for pod in pods(instance):
        for each in pod["spec"]["containers"]:
            if each["name"] == container:
                yield from (str(variable["name"]) for variable in each["env"])
