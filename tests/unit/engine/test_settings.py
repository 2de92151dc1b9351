import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from polyant_engine import settings
from polyant_engine.settings import (
    ConfigurationError,
    ElectionBackend,
    OutboundPolicy,
    Settings,
)

KEY = "ab" * 32
GOOD = {
    "DATABASE_URL": "postgresql://polyant:pw@db.example:5433/polyant",
    "ENCRYPTION_KEY": KEY,
    "AUTH_SECRET": "s" * 32,
}


def load(changes: Mapping[str, str]) -> Settings:
    return settings.load({**GOOD, **changes})


def problems(changes: Mapping[str, str]) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as caught:
        load(changes)
    return {problem.name: str(problem) for problem in caught.value.problems}


def test_the_smallest_environment_has_the_defaults_of_the_guide() -> None:
    found = load({})

    assert found.http.port == 4000
    assert found.http.metrics_port == 9090
    assert found.http.internal_port is None
    assert found.http.trusted_hops == 0
    assert found.http.origins == ()
    assert found.tunables.message_soft_debounce_ms == 2000
    assert found.tunables.message_typing_delay_ms == 1500
    assert found.tunables.message_max_restarts == 3
    assert found.tunables.agent_call_timeout_ms == 60000
    assert found.tunables.sse_max_connections == 50
    assert found.tunables.sse_max_connections_per_user == 5
    assert found.tunables.analytics_retention_days == 90
    assert found.tunables.knowledge_max_docs_per_instance == 500
    assert found.tunables.dedup_similarity_threshold == pytest.approx(0.9)
    assert found.tunables.datetime_timezone == "UTC"
    assert found.tunables.datetime_locale == "en-US"
    assert found.election.backend is ElectionBackend.POSTGRES
    assert found.migrate_on_start
    assert found.channels.enabled
    assert found.channels.outbound_policy is OutboundPolicy.AT_MOST_ONCE
    assert found.channels.telegram_api_url == "https://api.telegram.org"


def test_channels_may_send_again_and_speak_to_a_server_of_ones_own() -> None:
    given = {"OUTBOUND_POLICY": "atleastonce", "TELEGRAM_API_URL": "http://bots.internal:8081/"}

    found = settings.load({**GOOD, **given}).channels

    assert found.outbound_policy is OutboundPolicy.AT_LEAST_ONCE
    assert found.telegram_api_url == "http://bots.internal:8081"


def test_the_first_administrator_may_be_the_default_one_spelled_out() -> None:
    found = settings.load_migration({**GOOD, "INITIAL_ADMIN_EMAIL": "Administrator@Local"})

    assert found.admin.email == "administrator@local"


def test_everything_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings.load({})

    assert {problem.name for problem in caught.value.problems} == {
        "DATABASE_URL",
        "ENCRYPTION_KEY",
        "AUTH_SECRET",
    }
    assert "3 problem(s)" in caught.value.report()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://user@host/db"),
        ("DATABASE_URL", "postgresql+asyncpg://user@host/db"),
        ("DATABASE_URL", "postgresql://user:pa/ss@host:5432/db"),
        ("DATABASE_URL", "postgresql://user:pa#ss@host:5432/db"),
        ("DATABASE_URL", "postgresql://host:99999/db"),
        ("DATABASE_URL", "postgresql://user:pw@host"),
        ("DATABASE_URL", "postgresql://user:pw@host/db?sslmode=sometimes"),
        ("DATABASE_CA_FILE", "/nowhere/ca.pem"),
        ("DATABASE_POOL_SIZE", "1"),
        ("ENCRYPTION_KEY", "ab" * 31),
        ("ENCRYPTION_KEY", "zz" * 32),
        ("ENCRYPTION_KEY_PREVIOUS", "short"),
        ("AUTH_SECRET", "too short"),
        ("AUTH_INTERNAL_SECRET", "too short"),
        ("API_PORT", "0"),
        ("API_PORT", "many"),
        ("PORT", "70000"),
        ("INTERNAL_PORT", "-1"),
        ("METRICS_PORT", "1.5"),
        ("BASE_URL", "chat.example.com"),
        ("BASE_URL", "ftp://chat.example.com"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://app.example.com, *"),
        ("CORS_ORIGINS", "https://app.example.com/"),
        ("CORS_ORIGINS", "app.example.com"),
        ("TRUST_PROXY", "-1"),
        ("TRUST_PROXY", "1.5"),
        ("TRUST_PROXY", "yes"),
        ("TRUST_PROXY", "loopback"),
        ("INITIAL_ADMIN_EMAIL", "nobody"),
        ("INITIAL_ADMIN_PASSWORD", "short"),
        ("MIGRATE_ON_START", "maybe"),
        ("MIGRATE_TIMEOUT_SECONDS", "0"),
        ("INSTALLATION_ID", "seven"),
        ("INSTALLATION_OWNER", "acme"),
        ("INSTALLATION_TAKE_OVER", "yes"),
        ("MODELS", "not json"),
        ("MODELS", '{"name": "main"}'),
        ("MODELS", '[{"name": "Main"}]'),
        ("MODELS", '[{"name": "main", "provider": "other"}]'),
        ("MODELS", '[{"name": "main", "baseUrl": "file:///etc/passwd"}]'),
        ("MODELS", '[{"name": "main", "apiKeyEnv": "ENCRYPTION_KEY"}]'),
        ("MODELS", '[{"name": "main"}, {"name": "main"}]'),
        ("MODEL_PRIVATE_HOSTS", "http://host"),
        ("CHANNELS_ENABLED", "perhaps"),
        ("ELECTION_BACKEND", "zookeeper"),
        ("ELECTION_LEASE_SECONDS", "5"),
        ("LOG_LEVEL", "loud"),
        ("MESSAGE_SOFT_DEBOUNCE_MS", "-1"),
        ("MESSAGE_TYPING_DELAY_MS", "2001"),
        ("MESSAGE_MAX_RESTARTS", "three"),
        ("AGENT_CALL_TIMEOUT_MS", "0"),
        ("SSE_MAX_CONNECTIONS", "0"),
        ("SSE_MAX_CONNECTIONS_PER_USER", "0"),
        ("ANALYTICS_RETENTION_DAYS", "0"),
        ("KNOWLEDGE_MAX_DOCS_PER_INSTANCE", "0"),
        ("DEDUP_SIMILARITY_THRESHOLD", "1.1"),
        ("DEDUP_SIMILARITY_THRESHOLD", "nan"),
        ("DATETIME_TIMEZONE", "Mars/Olympus"),
        ("DATETIME_TIMEZONE", "../../etc/passwd"),
        ("DATETIME_LOCALE", "klingon!"),
    ],
)
def test_a_wrong_value_is_named_with_its_form_and_a_cure(name: str, value: str) -> None:
    found = problems({name: value})

    assert set(found) == {name}
    assert len(found[name]) > len(name) + 20


@pytest.mark.parametrize("name", sorted(settings.VARIABLES))
def test_empty_means_unset(name: str) -> None:
    without = {key: value for key, value in GOOD.items() if key != name}

    def outcome(environ: Mapping[str, str]) -> Settings | str:
        try:
            return settings.load(environ)
        except ConfigurationError as wrong:
            return str(wrong)

    assert outcome({**without, name: "  "}) == outcome(without)


@pytest.mark.parametrize(
    "name", [name for name, variable in settings.VARIABLES.items() if variable.secret]
)
def test_no_secret_is_ever_shown(name: str) -> None:
    secret = "hunter2§"
    name = name.replace("*", "MAIN")
    environ = {**GOOD, name: secret}
    try:
        shown = repr(settings.load(environ)) + repr(settings.load_migration(environ))
    except ConfigurationError as wrong:
        shown = wrong.report()

    assert secret not in shown


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    environ = {**GOOD, "ENCRYPTION_KEY": "", "ENCRYPTION_KEY_FILE": str(path)}

    assert settings.load(environ).keys.encryption_key == KEY


def test_a_secret_is_not_taken_from_two_places(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(KEY)

    assert "ENCRYPTION_KEY" in problems({"ENCRYPTION_KEY_FILE": str(path)})


def test_an_unreadable_file_is_named() -> None:
    found = problems({"AUTH_SECRET": "", "AUTH_SECRET_FILE": "/nowhere/secret"})

    assert set(found) == {"AUTH_SECRET_FILE"}


def test_only_secrets_are_read_from_files() -> None:
    assert load({"LOG_LEVEL_FILE": "/nowhere"}).log_level == "info"


def test_parts_make_a_database_address_whatever_the_password() -> None:
    changes = {"DATABASE_URL": "", "POSTGRES_HOST": "db", "POSTGRES_PASSWORD": "p@ss/w#rd?%:"}

    found = load(changes)

    assert found.database.dsn == "postgresql://polyant:p%40ss%2Fw%23rd%3F%25%3A@db:5432/polyant"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ""),
        ("?sslmode=verify-full", "?sslmode=verify-full"),
        ("?ssl=true", "?sslmode=require"),
        ("?ssl=false", "?sslmode=disable"),
        ("?sslmode=no-verify", "?sslmode=require"),
    ],
)
def test_what_other_drivers_call_tls_is_understood(query: str, expected: str) -> None:
    found = load({"DATABASE_URL": f"postgres://u:p@h/d{query}"})

    assert found.database.dsn == f"postgresql://u:p@h/d{expected}"


def test_a_certificate_authority_means_that_the_server_is_verified(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("")

    found = load({"DATABASE_CA_FILE": str(path)})

    assert "sslmode=verify-full" in found.database.dsn
    assert "sslrootcert=" in found.database.dsn


def test_api_port_wins_over_port() -> None:
    assert load({"PORT": "8080"}).http.port == 8080
    assert load({"PORT": "8080", "API_PORT": "4001"}).http.port == 4001


def test_two_listeners_do_not_share_a_port() -> None:
    assert "INTERNAL_PORT" in problems({"INTERNAL_PORT": "4000"})


@pytest.mark.parametrize(
    ("text", "expected"), [("0", 0), ("2", 2), ("true", "all"), ("false", 0), ("", 0)]
)
def test_trusted_proxies(text: str, expected: int | str) -> None:
    assert load({"TRUST_PROXY": text}).http.trusted_hops == expected


def test_production_is_the_default_and_lets_no_origin_in() -> None:
    assert load({}).http.origins == ()
    assert load({"NODE_ENV": "production"}).http.origins == ()


def test_development_lets_the_local_panel_in() -> None:
    assert "http://localhost:3000" in load({"NODE_ENV": "development"}).http.origins


def test_listed_origins_are_taken_as_browsers_send_them() -> None:
    found = load({"CORS_ORIGINS": "https://App.example.com , https://b.example:8443"})

    assert found.http.origins == ("https://app.example.com", "https://b.example:8443")


def test_a_short_debounce_shortens_the_default_typing_delay() -> None:
    assert load({"MESSAGE_SOFT_DEBOUNCE_MS": "500"}).tunables.message_typing_delay_ms == 500


def test_models_find_their_keys() -> None:
    models = (
        '[{"name": "main", "provider": "openai", "baseUrl": "https://llm.example/v1"},'
        ' {"name": "my-own", "apiKeyEnv": "MODEL_API_KEY_OTHER"}]'
    )
    keys = {"MODEL_API_KEY_MAIN": "one", "MODEL_API_KEY_OTHER": "two"}

    found = load({"MODELS": models, **keys}).models

    assert [(model.name, model.base_url, model.api_key) for model in found] == [
        ("main", "https://llm.example/v1", "one"),
        ("my-own", None, "two"),
    ]


def test_a_key_that_a_model_names_must_exist() -> None:
    models = '[{"name": "main", "apiKeyEnv": "MODEL_API_KEY_MAIN"}]'

    assert "MODEL_API_KEY_MAIN" in problems({"MODELS": models})


def test_kubernetes_election_needs_to_know_its_pod() -> None:
    found = problems({"ELECTION_BACKEND": "kubernetes"})

    assert set(found) == {
        "ELECTION_LEASE",
        "KUBERNETES_SERVICE_HOST",
        "POD_NAME",
        "POD_NAMESPACE",
    }


def test_the_address_of_the_api_may_be_of_either_family() -> None:
    def url(host: str) -> str | None:
        return load({"KUBERNETES_SERVICE_HOST": host}).election.api_url

    assert url("10.96.0.1") == "https://10.96.0.1:443"
    assert url("fd00::1") == "https://[fd00::1]:443"


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (("BUCKET",), {"REGION"}),
        (("REGION",), {"BUCKET"}),
        (("BUCKET", "REGION", "ACCESS_KEY_ID"), {"SECRET_ACCESS_KEY"}),
        (("BUCKET", "REGION", "SECRET_ACCESS_KEY"), {"ACCESS_KEY_ID"}),
    ],
)
def test_attachment_settings_come_together(given: tuple[str, ...], missing: set[str]) -> None:
    found = problems({f"PLATFORM_S3_{name}": "x" for name in given})

    assert set(found) == {f"PLATFORM_S3_{name}" for name in missing}


def test_attachments_may_use_the_identity_of_the_pod() -> None:
    found = load({"PLATFORM_S3_BUCKET": "b", "PLATFORM_S3_REGION": "r"}).attachments

    assert found is not None
    assert found.access_key_id is None


def test_migrate_needs_no_auth_secret_but_looks_at_it() -> None:
    environ = {name: value for name, value in GOOD.items() if name != "AUTH_SECRET"}

    assert settings.load_migration(environ).keys.auth_secret is None
    with pytest.raises(ConfigurationError):
        settings.load_migration({**environ, "AUTH_SECRET": "short"})


def test_serve_reports_what_its_own_migration_would_not_like() -> None:
    assert set(problems({"INSTALLATION_ID": "seven"})) == {"INSTALLATION_ID"}
    assert not load({"INSTALLATION_ID": "seven", "MIGRATE_ON_START": "false"}).migrate_on_start


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load({}).log_level = "debug"  # type: ignore[misc]


def test_every_variable_is_documented() -> None:
    assert [name for name, variable in settings.VARIABLES.items() if not variable.doc] == []
