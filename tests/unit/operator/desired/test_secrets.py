"""Generated Secrets: which, with what inside, and whose they are."""

from base64 import b64decode
from typing import Any

import pytest

from polyant_operator.api.instance import PolyantInstance, parse
from polyant_operator.api.labels import ARGO_CD
from polyant_operator.desired import secrets
from polyant_operator.desired.context import Manifest
from support.refusal import instance

RANDOM = bytes(range(secrets.RANDOM_BYTES))
EMBEDDED: dict[str, Any] = {"database": {"embedded": {}}}


def made(spec: dict[str, Any], uid_confirmed: str = "") -> PolyantInstance:
    body = instance(spec)
    body["metadata"]["annotations"] = {"polyant.ai/confirm-data-loss": uid_confirmed}
    return parse(body)


def created(spec: dict[str, Any]) -> dict[str, Manifest]:
    found = made(spec)
    manifests = [secrets.creation(found, secret, RANDOM) for secret in secrets.wanted(found)]
    return {manifest["metadata"]["name"]: manifest for manifest in manifests}


def value(manifest: Manifest, key: str) -> str:
    return b64decode(manifest["data"][key]).decode()


def owned(spec: dict[str, Any], uid_confirmed: str = "") -> set[str]:
    found = made(spec, uid_confirmed)
    return {
        secret.name
        for secret in secrets.wanted(found)
        if "ownerReferences" in secrets.metadata(found, secret)["metadata"]
    }


def test_what_nobody_brings_is_generated() -> None:
    assert {name: sorted(each["data"]) for name, each in created(EMBEDDED).items()} == {
        "acme-admin": ["email", "password"],
        "acme-auth-secrets": ["AUTH_INTERNAL_SECRET", "AUTH_SECRET", "DIGEST_KEY"],
        "acme-database": ["password", "uri"],
        "acme-encryption-key": ["ENCRYPTION_KEY"],
    }


def test_what_a_user_brings_is_not_generated() -> None:
    """The digest key is the operator's own, so its Secret is always there."""
    brought = {
        "secrets": {
            "encryptionKeySecretRef": {"name": "k"},
            "authSecretRef": {"name": "a"},
            "internalAuthSecretRef": {"name": "a"},
        },
        "admin": {"passwordSecretRef": {"name": "p"}},
    }

    assert set(created(brought)) == {"acme-auth-secrets"}


def test_values_have_the_forms_their_readers_ask_for() -> None:
    found = created(EMBEDDED)
    password = value(found["acme-database"], "password")

    assert (
        value(found["acme-encryption-key"], "ENCRYPTION_KEY"),
        len(value(found["acme-auth-secrets"], "AUTH_SECRET")),
        len(value(found["acme-auth-secrets"], "AUTH_INTERNAL_SECRET")),
        value(found["acme-database"], "uri"),
        value(found["acme-admin"], "email"),
    ) == (
        RANDOM[:32].hex(),
        32,
        32,
        f"postgresql://polyant:{password}@acme-database.demo.svc:5432/polyant",
        "administrator@local",
    )


def test_the_three_values_of_a_secret_differ() -> None:
    found = created(EMBEDDED)["acme-auth-secrets"]["data"]

    assert len(set(found.values())) == 3


def test_too_little_randomness_is_refused() -> None:
    found = made(EMBEDDED)

    with pytest.raises(ValueError, match="5 random bytes given: 96 are needed"):
        secrets.creation(found, secrets.wanted(found)[0], b"short")


def test_retain_keeps_everything() -> None:
    assert owned(EMBEDDED, "0d4e") == set()


def test_delete_takes_everything_but_the_key() -> None:
    assert owned({**EMBEDDED, "deletionPolicy": "Delete"}) == {
        "acme-admin",
        "acme-auth-secrets",
        "acme-database",
    }


@pytest.mark.parametrize(("confirmed", "goes"), [("0d4e", True), ("another", False), ("", False)])
def test_the_key_goes_only_when_the_loss_is_confirmed_by_uid(confirmed: str, *, goes: bool) -> None:
    found = owned({**EMBEDDED, "deletionPolicy": "Delete"}, confirmed)

    assert ("acme-encryption-key" in found) == goes


def test_a_file_without_uid_confirms_nothing() -> None:
    body = instance({**EMBEDDED, "deletionPolicy": "Delete"})
    del body["metadata"]["uid"]
    found = parse({**body, "metadata": {**body["metadata"], "annotations": {}}})

    assert not secrets.goes_with_instance(
        found, secrets.GeneratedSecret(name="k", keys=(), encrypts=True)
    )


def test_a_key_is_unconfirmed_until_a_report_names_it() -> None:
    found = made(EMBEDDED)
    key = next(secret for secret in secrets.wanted(found) if secret.encrypts)
    before = secrets.metadata(found, key, key_id="ab")["metadata"]["annotations"]
    after = secrets.metadata(found, key, key_id="ab", confirmed_for="7f")["metadata"]["annotations"]

    assert (before, after) == (
        {**ARGO_CD, "polyant.ai/key-id": "ab", "polyant.ai/unconfirmed": "true"},
        {**ARGO_CD, "polyant.ai/key-id": "ab", "polyant.ai/installation-id": "7f"},
    )


def test_no_value_is_ever_applied() -> None:
    found = made(EMBEDDED)
    applied = [secrets.metadata(found, secret) for secret in secrets.wanted(found)]

    assert [set(manifest) for manifest in applied] == [{"apiVersion", "kind", "metadata"}] * 4
