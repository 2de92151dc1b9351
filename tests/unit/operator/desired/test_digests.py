"""What rolls pods, and what makes a migration worth running again."""

from typing import Any

import pytest

from polyant_operator.api.instance import parse
from polyant_operator.api.labels import Component
from polyant_operator.desired import digests
from polyant_operator.desired.context import OperandOptions
from support.refusal import instance

KEY = b"digest-key"
VALUES = {
    "db": {"uri": b"postgresql://a", "unused": b"x"},
    "acme-encryption-key": {"ENCRYPTION_KEY": b"00"},
    "acme-auth-secrets": {"AUTH_SECRET": b"a", "AUTH_INTERNAL_SECRET": b"b", "DIGEST_KEY": KEY},
    "acme-admin": {"email": b"e", "password": b"p"},
    "their": {"token": b"t"},
}
SPEC: dict[str, Any] = {
    "engine": {
        "env": [
            {"name": "T", "valueFrom": {"secretKeyRef": {"name": "their", "key": "token"}}},
        ]
    }
}


def component(part: Component, values: digests.SecretValues = VALUES) -> str:
    return digests.component(parse(instance(SPEC)), part, values, KEY)


def migration(
    spec: dict[str, Any] | None = None,
    values: digests.SecretValues = VALUES,
    **annotations: str,
) -> str:
    body = instance(spec or SPEC)
    body["metadata"]["annotations"] = {
        f"polyant.ai/{name.replace('_', '-')}": value for name, value in annotations.items()
    }
    return digests.migration(parse(body), OperandOptions(), values, KEY)


def changed(secret: str, key: str) -> digests.SecretValues:
    return {**VALUES, secret: {**VALUES[secret], key: b"other"}}


@pytest.mark.parametrize(
    ("secret", "key", "rolled"),
    [
        ("db", "uri", {"engine", "migration"}),
        ("db", "unused", set()),
        ("acme-encryption-key", "ENCRYPTION_KEY", {"engine", "migration"}),
        ("acme-auth-secrets", "AUTH_SECRET", {"engine", "web"}),
        ("acme-auth-secrets", "DIGEST_KEY", set()),
        ("acme-admin", "password", set()),
        ("their", "token", {"engine"}),
    ],
)
def test_a_changed_value_concerns_who_uses_it(secret: str, key: str, rolled: set[str]) -> None:
    values = changed(secret, key)
    found = {
        part.value
        for part in (Component.ENGINE, Component.WEB)
        if component(part) != component(part, values)
    }
    found |= {"migration"} if migration() != migration(values=values) else set()

    assert found == rolled


def test_a_digest_needs_the_key() -> None:
    found = parse(instance(SPEC))

    assert digests.component(found, Component.ENGINE, VALUES, b"x") != component(Component.ENGINE)


def test_a_digest_gives_no_value_away() -> None:
    assert "postgresql" not in component(Component.ENGINE) + migration()


@pytest.mark.parametrize(
    "spec",
    [
        {"version": "9.9.9"},
        {"images": {"engine": "r/e@sha256:0a"}},
        {"database": {"urlSecretRef": {"name": "db"}, "migrationUrlSecretRef": {"name": "their"}}},
    ],
)
def test_another_image_or_database_is_worth_a_migration(spec: dict[str, Any]) -> None:
    assert migration(spec) != migration({"version": "0.1.0"})


def test_a_person_may_ask_for_a_migration() -> None:
    asked = {migration(), migration(retry_migration="1"), migration(retry_migration="2")}
    taken = migration(take_over="7f")

    assert (len(asked), taken in asked) == (3, False)


@pytest.mark.parametrize(
    "spec",
    [
        {"engine": {**SPEC["engine"], "replicas": 5}},
        {**SPEC, "web": {"replicas": 2}},
        {**SPEC, "version": "0.1.0"},
        {**SPEC, "admin": {"email": "a@b"}},
    ],
)
def test_nothing_else_is_worth_a_migration(spec: dict[str, Any]) -> None:
    assert migration(spec) == migration()
