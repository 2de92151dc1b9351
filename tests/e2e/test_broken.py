"""Installations with something wrong: the condition says what, and repairing it is enough."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from support.endtoend import Installation

pytestmark = pytest.mark.e2e

KEY, OTHER_KEY = "ab" * 32, "cd" * 32


def secret(name: str, **entries: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        # Without the label a changed Secret is noticed at the next resync, which is ten minutes away.
        "metadata": {"name": name, "labels": {"polyant.ai/reload": "true"}},
        "stringData": entries,
    }


def lent(acme: Installation) -> dict[str, Any]:
    """A policy that lets other installations into the embedded database of the shared one."""
    borrowers = {"key": "polyant.ai/instance", "operator": "In", "values": ["broken", "thief"]}
    database = {"polyant.ai/instance": acme.name, "app.kubernetes.io/component": "database"}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "lent"},
        "spec": {
            "podSelector": {"matchLabels": database},
            "ingress": [{"from": [{"podSelector": {"matchExpressions": [borrowers]}}]}],
        },
    }


def database_url(acme: Installation, host: str, database: str) -> str:
    found = acme.kubectl.get("secret", f"{acme.name}-database") or {}
    password = base64.b64decode(found["data"]["password"]).decode()
    return f"postgresql://polyant:{password}@{host}:5432/{database}"


@pytest.fixture(scope="module")
def good_url(acme: Installation) -> str:
    acme.kubectl.apply([lent(acme)])
    pod = f"{acme.name}-database-0"
    psql = ["psql", "-h", "127.0.0.1", "-d", "polyant", "-U", "polyant", "-v", "ON_ERROR_STOP=1"]
    url = database_url(acme, f"{acme.name}-database", "broken")
    shell = ["exec", pod, "--", "env", f"PGPASSWORD={url.split(':')[2].split('@')[0]}"]
    acme.kubectl.run(*shell, *psql, "-c", "CREATE DATABASE broken")
    acme.kubectl.run(*shell, *psql, "-d", "broken", "-c", "CREATE EXTENSION vector")
    return url


@pytest.fixture(scope="module")
def broken(acme: Installation) -> Iterator[Installation]:
    installation = Installation(cluster=acme.cluster, kubectl=acme.kubectl, name="broken")
    yield installation
    installation.kubectl.run("delete", "polyantinstance", "broken", "--ignore-not-found")


def apply(broken: Installation, **changes: Any) -> None:
    references = {
        "database": {"urlSecretRef": {"name": "broken-db", "key": "uri"}},
        "secrets": {"encryptionKeySecretRef": {"name": "broken-key", "key": "ENCRYPTION_KEY"}},
    }
    broken.apply(**{**references, **changes})


def serves(broken: Installation) -> bool:
    return broken.client().get("/health").status == 200


def test_a_missing_secret_is_named_and_enough_when_it_comes(
    broken: Installation, good_url: str
) -> None:
    broken.kubectl.apply([secret("broken-db", uri=good_url)])
    apply(broken)
    condition = broken.until_condition("SecretsReady", "False", "SecretMissing")
    assert "broken-key" in condition["message"]

    broken.kubectl.apply([secret("broken-key", ENCRYPTION_KEY=KEY)])
    broken.until_ready()


def test_an_unreachable_database_is_named_and_the_old_version_serves(
    broken: Installation, acme: Installation, good_url: str
) -> None:
    nowhere = database_url(acme, "nowhere.invalid", "broken")
    broken.kubectl.apply([secret("broken-db", uri=nowhere)])
    condition = broken.until_condition("DatabaseReady", "False", "DatabaseUnreachable", seconds=400)
    assert "nowhere.invalid" in condition["message"]
    assert serves(broken)

    broken.kubectl.apply([secret("broken-db", uri=good_url)])
    broken.until_ready(240)


def test_a_wrong_key_stalls_and_the_old_version_serves(broken: Installation) -> None:
    broken.kubectl.apply([secret("broken-key", ENCRYPTION_KEY=OTHER_KEY)])
    condition = broken.until_condition("Stalled", "True", "EncryptionKeyMismatch", seconds=240)
    assert "key" in condition["message"]
    assert serves(broken)

    broken.kubectl.apply([secret("broken-key", ENCRYPTION_KEY=KEY)])
    broken.until_ready(240)


def test_an_image_that_is_not_there_is_named_and_the_old_version_serves(
    broken: Installation,
) -> None:
    apply(broken, version="9.9.9-not-there")
    condition = broken.until_condition("Migrated", "False", "ImagePullFailed")
    assert "9.9.9-not-there" in condition["message"]
    assert serves(broken)

    apply(broken)
    broken.until_ready()


@pytest.mark.usefixtures("broken")
def test_a_foreign_database_stalls_with_the_way_out(acme: Installation) -> None:
    thief = Installation(cluster=acme.cluster, kubectl=acme.kubectl, name="thief")
    try:
        apply(thief)
        condition = thief.until_condition("Stalled", "True", "InstallationMismatch", seconds=180)
        assert "take-over" in condition["message"]
    finally:
        acme.kubectl.run("delete", "polyantinstance", "thief")
