"""Which Secret values are used, and by whom."""

from typing import Any

from polyant_operator.api.instance import parse
from polyant_operator.api.labels import Component
from polyant_operator.desired import uses
from support.refusal import instance


def found(spec: dict[str, Any]) -> dict[tuple[str, str | None], set[str]]:
    everything = uses.all_uses(parse(instance(spec)))
    return {(use.secret, use.key): {part.value for part in use.components} for use in everything}


def test_the_embedded_database_has_its_own_secret() -> None:
    used = found({"database": {"embedded": {}}})

    assert (used["acme-database", "uri"], used["acme-database", "password"]) == (
        {"engine", "migration"},
        {"database"},
    )


def test_a_url_for_the_migration_reaches_only_the_migration() -> None:
    database = {"urlSecretRef": {"name": "db"}, "migrationUrlSecretRef": {"name": "owner"}}
    used = found({"database": database})

    assert (used["db", "uri"], used["owner", "uri"]) == ({"engine"}, {"migration"})


def test_a_users_own_references_count() -> None:
    env = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "theirs", "key": "k"}}}]
    used = found({"web": {"env": env}, "engine": {"envFrom": [{"secretRef": {"name": "all"}}]}})

    assert (used["theirs", "k"], used["all", None]) == ({"web"}, {"engine"})


def test_each_use_names_the_field_it_comes_from() -> None:
    spec = {"models": [{"name": "m", "provider": "openai", "apiKeySecretRef": {"name": "k"}}]}
    fields = {use.secret: use.field for use in uses.all_uses(parse(instance(spec)))}

    assert (fields["k"], fields["db"], fields["acme-encryption-key"]) == (
        "spec.models[m].apiKeySecretRef",
        "spec.database.urlSecretRef",
        "",
    )


def test_the_key_of_a_model_becomes_a_variable() -> None:
    model = {"name": "in-house", "provider": "openai", "apiKeySecretRef": {"name": "k"}}
    engine = uses.variables(parse(instance({"models": [model]})), Component.ENGINE)

    assert "MODEL_API_KEY_IN_HOUSE" in {use.variable for use in engine}
