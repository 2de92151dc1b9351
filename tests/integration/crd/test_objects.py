"""How an instance behaves on a real API server: defaults, merging, scaling, transitions, no drift."""

from typing import Any

import pytest

from polyant_operator.api.instance import parse
from support.apiserver import ApiServer
from support.refusal import instance
from support.resources import CRD, Refused, Resources

pytestmark = pytest.mark.integration

SIZE = (
    "an existing volume keeps its size here: undo the change,"
    " and to grow edit its PersistentVolumeClaim, if the StorageClass allows it"
)
CLASS = "an existing volume keeps its class: undo the change"
EMBEDDED: dict[str, Any] = {"database": {"embedded": {}}}


def test_a_fresh_object_counts_as_in_progress(resources: Resources) -> None:
    created = resources.create(instance())

    assert created["status"] == {"observedGeneration": -1}


def test_only_stable_values_are_defaulted(resources: Resources) -> None:
    created = resources.create(instance(EMBEDDED))

    assert created["spec"] == {
        "database": {"embedded": {"storage": "8Gi"}, "poolSize": 10},
        "deletionPolicy": "Retain",
        "engine": {"externalScaling": False, "replicas": 1},
        "imagePullPolicy": "IfNotPresent",
        "paused": False,
        "web": {"replicas": 1},
    }


def test_references_know_their_usual_key(resources: Resources) -> None:
    created = resources.create(
        instance({"secrets": {"encryptionKeySecretRef": {"name": "k"}}, "admin": {}})
    )

    assert (
        created["spec"]["secrets"]["encryptionKeySecretRef"],
        created["spec"]["database"]["urlSecretRef"],
        created["spec"]["admin"],
    ) == (
        {"name": "k", "key": "ENCRYPTION_KEY"},
        {"name": "db", "key": "uri"},
        {"email": "administrator@local"},
    )


def test_an_object_of_the_server_parses_to_the_object_of_the_file(resources: Resources) -> None:
    written = instance({**EMBEDDED, "edge": {"type": "Ingress", "host": "a.example"}})
    stored = resources.create(written)

    assert parse(stored).spec == parse(written).spec


def test_two_managers_own_their_entries_of_lists(resources: Resources) -> None:
    one = {"name": "one", "provider": "openai", "baseUrl": "http://one"}
    two = {"name": "two", "provider": "openai", "baseUrl": "http://two"}
    first = instance({"models": [one], "engine": {"env": [{"name": "A", "value": "1"}]}})
    second = instance({"models": [two], "engine": {"env": [{"name": "B", "value": "2"}]}})

    resources.apply(first, "first")
    merged = resources.apply(second, "second")["spec"]

    assert (merged["models"], merged["engine"]["env"]) == (
        [one, two],
        [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
    )


def test_applying_again_changes_nothing(resources: Resources) -> None:
    """The API server itself rewrites an object once after it was made by an apply."""
    body = instance({**EMBEDDED, "edge": {"type": "External", "host": "a.example"}, "channels": {}})

    resources.apply(body, "gitops")
    second = resources.apply(body, "gitops")
    third = resources.apply(body, "gitops")

    assert second["metadata"]["resourceVersion"] == third["metadata"]["resourceVersion"]


def test_a_stored_object_holds_no_null(resources: Resources) -> None:
    created = resources.create(instance(EMBEDDED))

    assert "None" not in str(created["spec"]) + str(created["status"])


def test_an_unknown_field_is_refused_by_name(resources: Resources) -> None:
    with pytest.raises(Refused, match=r'unknown field "spec.engine.replica"'):
        resources.create(instance({"engine": {"replica": 2}}))


def test_the_scale_subresource_reads_and_writes_the_engine(resources: Resources) -> None:
    resources.create(instance())
    told = {"engine": {"replicas": 1, "ready": 1}, "selector": "a=b"}
    resources.merge("acme", {"status": told}, subresource="/status")

    resources.merge("acme", {"spec": {"replicas": 3}}, subresource="/scale")
    scale = resources.read("acme", subresource="/scale")

    assert (scale["spec"], scale["status"], resources.read("acme")["spec"]["engine"]) == (
        {"replicas": 3},
        {"replicas": 1, "selector": "a=b"},
        {"externalScaling": False, "replicas": 3},
    )


def test_the_spec_ignores_the_status_and_the_other_way_round(resources: Resources) -> None:
    resources.create(instance())
    resources.merge("acme", {"status": {"installationId": "x"}})
    resources.merge("acme", {"spec": {"paused": True}}, subresource="/status")

    stored = resources.read("acme")

    assert (stored["spec"]["paused"], "installationId" in stored["status"]) == (False, False)


@pytest.mark.parametrize(
    ("change", "path", "text"),
    [
        (
            {"storage": "16Gi"},
            "spec.database.embedded.storage",
            f"storage '16Gi' differs from '8Gi'; {SIZE}",
        ),
        (
            {"storageClassName": "fast"},
            "spec.database.embedded.storageClassName",
            f"storageClassName 'fast' differs from ''; {CLASS}",
        ),
    ],
)
def test_an_existing_volume_keeps_what_it_is(
    resources: Resources, change: dict[str, str], path: str, text: str
) -> None:
    resources.create(instance(EMBEDDED))

    with pytest.raises(Refused) as caught:
        resources.merge("acme", {"spec": {"database": {"embedded": change}}})

    assert [(path, text)] == [
        (field, message.partition('": ')[2]) for field, message in caught.value.causes
    ]


def test_a_database_is_not_dropped_by_the_way(resources: Resources) -> None:
    """With deletionPolicy Delete its volume would go with it."""
    resources.create(instance({**EMBEDDED, "deletionPolicy": "Delete"}))
    move = {"database": {"embedded": None, "urlSecretRef": {"name": "db"}}}

    with pytest.raises(Refused, match="set deletionPolicy: Retain first"):
        resources.merge("acme", {"spec": {**move, "deletionPolicy": "Retain"}})
    resources.merge("acme", {"spec": {"deletionPolicy": "Retain"}})
    moved = resources.merge("acme", {"spec": move})

    assert "embedded" not in moved["spec"]["database"]


def test_printer_columns_say_what_matters(server: ApiServer, resources: Resources) -> None:
    resources.create(instance())
    ready = {
        "type": "Ready",
        "status": "False",
        "reason": "MigrationRunning",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    told = {
        "conditions": [ready],
        "summary": {"engine": "0/1", "web": "1/1"},
        "channelLeader": {"pod": "acme-engine-0", "epoch": 3, "since": "2026-01-01T00:00:00Z"},
    }
    resources.merge("acme", {"status": told}, subresource="/status")

    lines = server.kubectl("get", "pinst", "-n", resources.namespace).splitlines()

    assert (lines[0].split(), lines[1].split()[:6]) == (
        ["NAME", "READY", "REASON", "ENGINE", "WEB", "LEADER", "AGE"],
        ["acme", "False", "MigrationRunning", "0/1", "1/1", "acme-engine-0"],
    )


def test_explain_reads_every_field(server: ApiServer) -> None:
    text = server.kubectl("explain", "pinst.spec", "--recursive")

    assert ("<no description>" in text, "deletionPolicy" in text) == (False, True)


def test_the_crd_fits_into_what_kubectl_notes_of_it(server: ApiServer) -> None:
    """A plain `kubectl apply` writes the whole of it into an annotation, of 256 KiB at most."""
    done = server.try_kubectl("apply", "--dry-run=server", "-f", str(CRD))

    assert (done.returncode, "configured" in done.stdout) == (0, True)


def test_the_crd_applies_without_a_warning(server: ApiServer) -> None:
    done = server.try_kubectl("apply", "--server-side", "-f", str(CRD))

    assert (done.returncode, done.stderr) == (0, "")
