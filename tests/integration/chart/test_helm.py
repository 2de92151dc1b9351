"""The chart through the real Helm: what it makes, what it refuses, what it may do."""

from typing import Any

import pytest

from support import helm

pytestmark = pytest.mark.integration


def one(kind: str, *arguments: str) -> dict[str, Any]:
    (found,) = helm.of_kind(helm.template(*arguments), kind)
    return found


def test_lint_finds_nothing() -> None:
    done = helm.run("lint", str(helm.CHART), "--strict")

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_same_values_give_the_same_text() -> None:
    assert helm.template() == helm.template()


def test_the_crd_survives_the_release() -> None:
    crd = one("CustomResourceDefinition")

    assert crd["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert crd["metadata"]["annotations"]["polyant.ai/crd-revision"]
    assert helm.of_kind(helm.template("--set=crds.install=false"), crd["kind"]) == []


def test_two_replicas_run_restricted_and_without_root() -> None:
    spec = one("Deployment")["spec"]
    pod, container = spec["template"]["spec"], spec["template"]["spec"]["containers"][0]

    assert spec["replicas"] == 2
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert {volume["name"] for volume in pod["volumes"]} == {"tmp"}


def test_rights_name_every_resource_and_no_verb_is_a_star() -> None:
    for role in helm.of_kind(helm.template(), "ClusterRole", "Role"):
        for rule in role["rules"]:
            assert "*" not in [*rule["verbs"], *rule["resources"], *rule["apiGroups"]]
            assert not {"escalate", "bind", "impersonate"} & set(rule["verbs"])
            assert not {"pods/log", "pods/exec"} & set(rule["resources"])


def test_secrets_may_not_be_deleted_or_updated() -> None:
    operator = next(
        role
        for role in helm.of_kind(helm.template(), "ClusterRole")
        if role["metadata"]["name"] == "polyant-operator"
    )
    (rule,) = [rule for rule in operator["rules"] if rule["resources"] == ["secrets"]]

    assert rule["verbs"] == ["get", "list", "watch", "create", "patch"]


def test_named_namespaces_get_roles_and_the_cluster_gets_none() -> None:
    objects = helm.template("--set-json", 'watchNamespaces=["a","b"]')

    assert helm.of_kind(objects, "ClusterRoleBinding") == []
    roles = {role["metadata"]["namespace"] for role in helm.of_kind(objects, "Role")}
    assert roles == {"a", "b", "polyant-system"}
    cluster_wide = {role["metadata"]["name"] for role in helm.of_kind(objects, "ClusterRole")}
    assert cluster_wide == {f"polyant-operator-{name}" for name in ("view", "edit", "admin")}


def test_people_get_their_rights_through_the_clusters_own_roles() -> None:
    roles = {
        role["metadata"]["name"]: role for role in helm.of_kind(helm.template(), "ClusterRole")
    }
    view, edit = roles["polyant-operator-view"], roles["polyant-operator-edit"]

    assert view["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-view"] == "true"
    assert view["rules"][0]["verbs"] == ["get", "list", "watch"]
    assert "create" in edit["rules"][0]["verbs"]


def test_a_registry_and_pull_secrets_reach_the_pods() -> None:
    arguments = (
        "--set=image.registry=registry.test:5000/,image.tag=1.2.3,imagePullSecrets={a}",
        "--set=operand.imagePullSecrets={b,c}",
    )
    pod = one("Deployment", *arguments)["spec"]["template"]["spec"]
    variables = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}

    expected = "registry.test:5000/ghcr.io/polyant-ai/polyant-operator:1.2.3"
    assert pod["containers"][0]["image"] == expected
    assert pod["imagePullSecrets"] == [{"name": "a"}]
    assert variables["OPERATOR_IMAGE_PULL_SECRETS"] == "b,c"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("operand.engineImage=registry/engine:1.0", "engineImage"),
        ("replicas=-1", "replicas"),
        ("logLevel=loud", "logLevel"),
        ("replica=3", "replica"),
        ("watchNamespaces={Not_A_Name}", "watchNamespaces"),
    ],
)
def test_a_wrong_value_is_refused_by_name(value: str, words: str) -> None:
    done = helm.run("template", "x", str(helm.CHART), "--set", value)

    assert done.returncode != 0
    assert words in done.stderr


def test_a_service_account_of_ones_own_needs_a_name() -> None:
    done = helm.run("template", "x", str(helm.CHART), "--set=serviceAccount.create=false")

    assert "serviceAccount.name is needed" in done.stderr


def test_scheduling_reaches_the_pods_and_spreading_is_the_default() -> None:
    spread = one("Deployment")["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == [
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    ]

    chosen = one("Deployment", "--set=nodeSelector.disk=ssd,priorityClassName=high")
    pod = chosen["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"disk": "ssd"}
    assert pod["priorityClassName"] == "high"
