"""Deployments, Job and StatefulSet: what is particular about each."""

from typing import Any

import pytest

from polyant_operator.api.instance import parse
from polyant_operator.api.labels import RELEASE, Component
from polyant_operator.desired import tree
from polyant_operator.desired.context import Context, Manifest, OperandOptions
from support.refusal import instance

CONTEXT = Context(
    options=OperandOptions(release="1.2.3", image_pull_secrets=("registry",)),
    secret_digests={Component.ENGINE: "e", Component.WEB: "w"},
    migration_hash="0123456789abcdef",
)


def every(spec: dict[str, Any], context: Context = CONTEXT) -> dict[tuple[str, str], Manifest]:
    found = parse(instance(spec))
    manifests = (
        *tree.always(found, context),
        tree.migration_job(found, context),
        *tree.workloads(found, context),
    )
    return {(each["kind"], each["metadata"]["name"]): each for each in manifests}


def pod(spec: dict[str, Any], kind: str, name: str) -> Manifest:
    template: Manifest = every(spec)[kind, name]["spec"]["template"]
    return template


def engine(spec: dict[str, Any] | None = None) -> Manifest:
    return pod(spec or {}, "Deployment", "acme-engine")


def variables(template: Manifest) -> dict[str, str]:
    (container,) = template["spec"]["containers"]
    return {each["name"]: each.get("value", "") for each in container["env"]}


def image(template: Manifest) -> str:
    (container,) = template["spec"]["containers"]
    return str(container["image"])


@pytest.mark.parametrize(
    ("spec", "engine_image", "web_image"),
    [
        ({}, "ghcr.io/polyant-ai/polyant-engine:1.2.3", None),
        ({"version": "0.9"}, "ghcr.io/polyant-ai/polyant-engine:0.9", None),
        ({"images": {"engine": "r/e:1"}}, "r/e:1", None),
        ({"images": {"engine": "r/e:1", "web": "r/w:1"}}, "r/e:1", "r/w:1"),
    ],
)
def test_images(spec: dict[str, Any], engine_image: str, web_image: str | None) -> None:
    web = pod(spec, "Deployment", "acme-web")
    job = pod(spec, "Job", "acme-migrate-0123456789")

    assert (image(engine(spec)), image(web), image(job)) == (
        engine_image,
        web_image or engine_image,
        engine_image,
    )


def test_pods_roll_when_a_secret_changes() -> None:
    found = engine()["metadata"]["annotations"]

    assert found == {"polyant.ai/secret-digest": "e"}


def test_an_unknown_digest_is_left_out() -> None:
    found = every({}, Context())["Deployment", "acme-engine"]["spec"]["template"]

    assert "annotations" not in found["metadata"]


def test_no_pod_template_names_a_version() -> None:
    """A release of the operator alone rolls no pod of an instance that names its version."""
    one, other = (
        every({"version": "1"}, Context(options=OperandOptions(release=release)))
        for release in ("1.0.0", "2.0.0")
    )
    job = ("Job", "acme-migrate-")

    made_by = [each[job]["metadata"]["annotations"].pop(RELEASE) for each in (one, other)]

    assert made_by == ["1.0.0", "2.0.0"]
    assert one == other


@pytest.mark.parametrize(("timeout", "grace"), [(None, 85), (1000, 26), (1500, 27), (900000, 925)])
def test_a_running_turn_may_end(timeout: int | None, grace: int) -> None:
    tunables = {} if timeout is None else {"agentCallTimeoutMs": timeout}
    spec = {"engine": {"tunables": tunables}}
    both = (engine(spec), pod(spec, "Deployment", "acme-web"))

    assert [each["spec"]["terminationGracePeriodSeconds"] for each in both] == [grace, grace]


def test_images_are_pulled_with_the_secrets_of_instance_and_operator() -> None:
    spec = {"imagePullSecrets": [{"name": "own"}, {"name": "registry"}]}

    assert engine(spec)["spec"]["imagePullSecrets"] == [{"name": "own"}, {"name": "registry"}]


def test_values_of_the_spec_are_not_expanded() -> None:
    """Kubernetes would replace $(NAME) in a value by another variable, a secret for example."""
    model = {"name": "m", "provider": "openai", "baseUrl": "http://m/$(AUTH_SECRET)"}

    assert "$$(AUTH_SECRET)" in variables(engine({"models": [model]}))["MODELS"]


def test_the_engine_may_reach_the_hosts_of_its_models() -> None:
    models = [
        {"name": "a", "provider": "openai", "baseUrl": "http://a.svc:8081/v1"},
        {"name": "b", "provider": "openai", "baseUrl": "http://a.svc:8081/v2"},
        {"name": "c", "provider": "openai", "baseUrl": "https://c.example"},
        {"name": "d", "provider": "openai", "apiKeySecretRef": {"name": "k"}},
    ]

    assert variables(engine({"models": models}))["MODEL_PRIVATE_HOSTS"] == "a.svc:8081,c.example"


def test_a_users_variables_come_last() -> None:
    """So that they may refer to ours."""
    template = engine({"engine": {"env": [{"name": "A", "value": "$(BASE_URL)/x"}]}})

    assert list(variables(template).items())[-1] == ("A", "$(BASE_URL)/x")


def test_a_components_settings_win_over_the_defaults() -> None:
    volume = {"name": "x", "emptyDir": {"sizeLimit": "1Mi"}}
    larger = {"name": "x", "emptyDir": {"sizeLimit": "9Mi"}}
    spec = {
        "podDefaults": {
            "nodeSelector": {"a": "1", "b": "1"},
            "priorityClassName": "low",
            "tolerations": [{"key": "t"}],
            "extraVolumes": [volume],
        },
        "engine": {
            "pod": {
                "nodeSelector": {"b": "2"},
                "priorityClassName": "high",
                "tolerations": [],
                "extraVolumes": [larger],
            }
        },
    }
    found = engine(spec)["spec"]

    assert (
        found["nodeSelector"],
        found["priorityClassName"],
        found.get("tolerations"),
        found["volumes"][-1],
    ) == ({"a": "1", "b": "2"}, "high", None, larger)


def test_the_migration_runs_where_the_engine_may_run() -> None:
    spec = {"engine": {"pod": {"nodeSelector": {"a": "1"}}, "env": [{"name": "A", "value": "b"}]}}
    job = pod(spec, "Job", "acme-migrate-0123456789")

    assert (job["spec"]["nodeSelector"], variables(job)["A"]) == ({"a": "1"}, "b")


def test_a_migration_keeps_the_users_annotations_and_needs_no_digest() -> None:
    """A service mesh, for example, is told by annotation to leave a pod alone."""
    context = Context(migration_hash="0123456789", secret_digests={Component.MIGRATION: "m"})
    spec = {"podDefaults": {"annotations": {"sidecar.istio.io/inject": "false"}}}
    job = every(spec, context)["Job", "acme-migrate-0123456789"]

    assert job["spec"]["template"]["metadata"]["annotations"] == {
        "sidecar.istio.io/inject": "false"
    }


def test_a_migration_never_retries_by_itself() -> None:
    spec = every({})["Job", "acme-migrate-0123456789"]["spec"]

    assert (
        spec["backoffLimit"],
        spec["template"]["spec"]["restartPolicy"],
        spec["podFailurePolicy"]["rules"][0]["action"],
        "ttlSecondsAfterFinished" in spec,
    ) == (0, "Never", "Ignore", False)


def test_a_second_try_is_another_job_of_the_same_migration() -> None:
    context = Context(migration_hash="0123456789abcdef", migration_attempt=2)
    job = every({}, context)["Job", "acme-migrate-0123456789-2"]

    assert (
        job["metadata"]["labels"]["polyant.ai/migration"],
        job["metadata"]["labels"]["polyant.ai/attempt"],
    ) == ("0123456789", "2")


def test_a_migration_is_told_what_is_known_about_the_installation() -> None:
    body = instance()
    body["metadata"]["annotations"] = {"polyant.ai/take-over": "8e"}
    body["status"] = {"installationId": "7f"}
    job = tree.migration_job(parse(body), CONTEXT)
    found = variables(job["spec"]["template"])

    assert [found[f"INSTALLATION_{name}"] for name in ("ID", "OWNER", "TAKE_OVER")] == [
        "7f",
        "demo/acme",
        "8e",
    ]


@pytest.mark.parametrize("policy", ["Retain", "Delete"])
def test_the_volume_goes_as_the_policy_says(policy: str) -> None:
    spec = {"database": {"embedded": {}}, "deletionPolicy": policy}
    found = every(spec)["StatefulSet", "acme-database"]["spec"]

    assert found["persistentVolumeClaimRetentionPolicy"] == {
        "whenDeleted": policy,
        "whenScaled": "Retain",
    }


@pytest.mark.parametrize("edge", [{"type": "None"}, {"type": "External", "host": "a.example"}])
def test_only_an_ingress_edge_makes_an_ingress(edge: dict[str, str]) -> None:
    assert [kind for kind, _ in every({"edge": edge}) if kind == "Ingress"] == []


def test_the_lease_is_left_to_the_engine() -> None:
    lease = every({})["Lease", "acme-channels"]
    (rule,) = every({})["Role", "acme-engine"]["rules"]

    assert (set(lease), rule["resourceNames"], rule["verbs"]) == (
        {"apiVersion", "kind", "metadata"},
        ["acme-channels"],
        ["get", "watch", "update"],
    )
