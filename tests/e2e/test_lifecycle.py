"""An installation that is deleted and comes back: what stays, and that it fits."""

import json

import pytest

from dev.up.kubectl import Kubectl
from support.endtoend import Installation, until

pytestmark = pytest.mark.e2e

KINDS = "deployments,statefulsets,jobs,pods,services,ingresses,leases,roles,rolebindings,serviceaccounts,poddisruptionbudgets,replicasets,configmaps,secrets,persistentvolumeclaims"
RETAINED = {
    "Secret/phoenix-encryption-key",
    "Secret/phoenix-auth-secrets",
    "Secret/phoenix-admin",
    "Secret/phoenix-database",
}
STORED = "a-secret-only-for-the-vault"


def left_behind(kubectl: Kubectl) -> set[str]:
    found = kubectl.items(KINDS, "--selector=polyant.ai/instance=phoenix")
    return {f"{item['kind']}/{item['metadata']['name']}" for item in found}


@pytest.fixture(scope="module")
def phoenix(acme: Installation) -> Installation:
    installation = Installation(cluster=acme.cluster, kubectl=acme.kubectl, name="phoenix")
    installation.apply()
    installation.until_ready()
    return installation


def test_data_is_readable_after_delete_and_create(phoenix: Installation) -> None:
    token = phoenix.sign_in()
    key = phoenix.agent_key("ashes", token)
    bearer = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    own = {"slug": "own", "name": "Own key", "provider": "openai", "model": "gpt-none"}
    assert phoenix.client().post_json("/api/instances", own, bearer).status == 201
    body = json.dumps({"secrets": [{"key": "openai_api_key", "value": STORED}]}).encode()
    stored = phoenix.client().request("PUT", "/api/instances/own/secrets", body, bearer)
    assert stored.status == 200, stored.text
    key_id = phoenix.object()["status"]["encryption"]["keyId"]

    phoenix.kubectl.run("delete", "polyantinstance", phoenix.name, "--wait=true")
    until(lambda: not phoenix.pods("engine"), 120, "the engine is gone")
    until(
        lambda: left_behind(phoenix.kubectl) - kept(phoenix.kubectl) == set(),
        120,
        "only retained objects",
    )
    assert left_behind(phoenix.kubectl) >= RETAINED
    phoenix.apply()
    phoenix.until_ready()

    assert phoenix.object()["status"]["encryption"]["keyId"] == key_id
    assert phoenix.ask("ashes", key, "still there?").status == 200
    # The provider refuses a key that is none; to be refused it had to be read from the vault.
    assert phoenix.ask("own", token, "hi").json()["error"]["type"] == "upstream_error"


def kept(kubectl: Kubectl) -> set[str]:
    claims = {name for name in left_behind(kubectl) if name.startswith("PersistentVolumeClaim/")}
    return RETAINED | claims


def test_deleting_leaves_only_what_is_retained(phoenix: Installation) -> None:
    phoenix.kubectl.run("delete", "polyantinstance", phoenix.name, "--wait=true")
    until(
        lambda: left_behind(phoenix.kubectl) == kept(phoenix.kubectl), 120, "only retained objects"
    )

    claims = kept(phoenix.kubectl) - RETAINED
    assert len(claims) == 1
