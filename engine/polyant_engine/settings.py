"""Settings: what the variables of the environment mean, as frozen values in groups.

`load` is for `serve`, `load_migration` for `migrate`; both raise `ConfigurationError` with every
problem at once. No other module reads the environment.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from polyant_engine.core import authorities, dsn, forms
from polyant_engine.core.configuration import ConfigurationError, Reader, Variable
from polyant_engine.core.dsn import MAX_PORT
from polyant_engine.core.proxies import Proxies
from polyant_engine.options import (
    AdminSettings,
    AttachmentSettings,
    ChannelSettings,
    DatabaseSettings,
    ElectionBackend,
    ElectionSettings,
    HttpSettings,
    KeySettings,
    MigrationSettings,
    ModelEntry,
    ModelSettings,
    OutboundPolicy,
    Settings,
    Tunables,
)
from polyant_engine.variables import VARIABLES

__all__ = [
    "VARIABLES",
    "AdminSettings",
    "AttachmentSettings",
    "ChannelSettings",
    "ConfigurationError",
    "DatabaseSettings",
    "ElectionBackend",
    "ElectionSettings",
    "HttpSettings",
    "KeySettings",
    "MigrationSettings",
    "ModelEntry",
    "ModelSettings",
    "OutboundPolicy",
    "Settings",
    "Tunables",
    "Variable",
    "load",
    "load_migration",
]

MODEL_KEY_PREFIX = "MODEL_API_KEY_"
HOUR_MS = 3_600_000
DEVELOPMENT_ORIGINS = tuple(
    f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in (3000, 3001)
)
LOG_LEVELS = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "warn": "warning",
    "error": "error",
}


def environment() -> Mapping[str, str]:
    """Return the environment of this process."""
    return os.environ


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings of `serve`."""
    reader = Reader(environ, VARIABLES)
    settings = Settings(
        database=_database(reader),
        keys=_keys(reader),
        http=_http(reader),
        models=_models(reader),
        model_private_hosts=_hosts(reader),
        proxies=_proxies(reader),
        election=_election(reader),
        channels=_channels(reader),
        tunables=_tunables(reader),
        attachments=_attachments(reader),
        migrate_on_start=reader.boolean("MIGRATE_ON_START"),
        log_level=reader.choice("LOG_LEVEL", LOG_LEVELS, "info"),
    )
    if settings.migrate_on_start:
        _migration(reader, settings.database, settings.keys)  # all errors at once, its own included
    reader.finish()
    return settings


def load_migration(environ: Mapping[str, str]) -> MigrationSettings:
    """Read the settings of `migrate`."""
    reader = Reader(environ, VARIABLES)
    settings = _migration(reader, _database(reader), _keys(reader, serving=False))
    reader.finish()
    return settings


def log_level(environ: Mapping[str, str]) -> str:
    """Return the log level alone, for logging before everything else is known."""
    return Reader(environ, VARIABLES).choice("LOG_LEVEL", LOG_LEVELS, "info")


def termination_path(environ: Mapping[str, str]) -> Path:
    """Return where `migrate` leaves its report, even when nothing else can be read."""
    return Path(Reader(environ, VARIABLES).text("TERMINATION_MESSAGE_PATH") or os.devnull)


def _migration(reader: Reader, database: DatabaseSettings, keys: KeySettings) -> MigrationSettings:
    return MigrationSettings(
        database=database,
        keys=keys,
        admin=_admin(reader),
        installation_id=reader.optional("INSTALLATION_ID", UUID),
        owner=reader.optional("INSTALLATION_OWNER", forms.owner),
        take_over=reader.optional("INSTALLATION_TAKE_OVER", UUID),
        in_kubernetes=reader.raw("KUBERNETES_SERVICE_HOST") is not None,
        log_level=reader.choice("LOG_LEVEL", LOG_LEVELS, "info"),
    )


def _database(reader: Reader) -> DatabaseSettings:
    return DatabaseSettings(
        dsn=_dsn(reader),
        pool_size=reader.integer("DATABASE_POOL_SIZE", 2, 200),
        wait_seconds=reader.integer("MIGRATE_TIMEOUT_SECONDS", 1, 86_400),
        extra_ca_file=_extra_ca_file(reader),
    )


def _extra_ca_file(reader: Reader) -> str | None:
    path = reader.text("EXTRA_CA_FILE")
    if path is None:
        return None
    try:
        authorities.context(path)
    except OSError as failed:
        cure = "Name a file of certificates in PEM form (BEGIN CERTIFICATE)."
        reader.add("EXTRA_CA_FILE", f"{path} cannot be used: {failed.strerror or failed}.", cure)
        return None
    return path


def _proxies(reader: Reader) -> Proxies:
    return Proxies(
        https=reader.optional("HTTPS_PROXY", forms.proxy_url),
        http=reader.optional("HTTP_PROXY", forms.proxy_url),
        exceptions=forms.word_list(reader.text("NO_PROXY") or ""),
    )


def _dsn(reader: Reader) -> str:
    ca_file = reader.text("DATABASE_CA_FILE")
    if ca_file is not None and not Path(ca_file).is_file():
        reader.wrong("DATABASE_CA_FILE", ca_file)
    url = reader.text("DATABASE_URL")
    name = "POSTGRES_PASSWORD" if url is None else "DATABASE_URL"
    if url is None:
        url = _url_of_parts(reader)
    if url is None:
        return ""
    try:
        return dsn.normal(url, ca_file)
    except ValueError as wrong:
        cure = VARIABLES[name].remedy(name)
        reader.add(name, f"expected {VARIABLES['DATABASE_URL'].form}, but {wrong}.", cure)
        return ""


def _url_of_parts(reader: Reader) -> str | None:
    password = reader.raw("POSTGRES_PASSWORD")
    if password is None:
        if not reader.is_reported("DATABASE_URL") and not reader.is_reported("POSTGRES_PASSWORD"):
            cure = VARIABLES["POSTGRES_PASSWORD"].cure
            reader.add(
                "DATABASE_URL", f"is missing, expected {VARIABLES['DATABASE_URL'].form}.", cure
            )
        return None
    parts = dsn.Parts(
        host=reader.text("POSTGRES_HOST") or "",
        port=reader.integer("POSTGRES_PORT", 1, MAX_PORT),
        name=reader.text("POSTGRES_DB") or "",
        user=reader.text("POSTGRES_USER") or "",
        password=password,
    )
    return dsn.from_parts(parts)


def _keys(reader: Reader, *, serving: bool = True) -> KeySettings:
    wants_auth = serving or reader.raw("AUTH_SECRET") is not None
    return KeySettings(
        encryption_key=reader.parsed("ENCRYPTION_KEY", forms.hex_key, ""),
        previous_encryption_key=reader.optional("ENCRYPTION_KEY_PREVIOUS", forms.hex_key),
        auth_secret=reader.optional("AUTH_SECRET", forms.sized(32, 4096)) if wants_auth else None,
        internal_secret=reader.optional("AUTH_INTERNAL_SECRET", forms.sized(16, 4096)),
        previous_internal_secret=reader.optional(
            "AUTH_INTERNAL_SECRET_PREVIOUS", forms.sized(16, 4096)
        ),
    )


def _http(reader: Reader) -> HttpSettings:
    main = "API_PORT" if reader.raw("API_PORT") else "PORT"
    settings = HttpSettings(
        port=reader.integer(main, 1, MAX_PORT),
        internal_port=reader.optional("INTERNAL_PORT", forms.port),
        metrics_port=reader.integer("METRICS_PORT", 1, MAX_PORT),
        listen_address=reader.optional("LISTEN_ADDRESS", forms.address),
        base_url=reader.optional("BASE_URL", forms.base_url),
        origins=_origins(reader),
        trusted_hops=reader.parsed("TRUST_PROXY", forms.hops, 0),
    )
    named = {main: settings.port, "INTERNAL_PORT": settings.internal_port}
    _check_ports(reader, {**named, "METRICS_PORT": settings.metrics_port})
    return settings


def _check_ports(reader: Reader, named: Mapping[str, int | None]) -> None:
    taken: dict[int, str] = {}
    for name, port in named.items():
        if port is None or reader.is_reported(name):
            continue
        if port in taken:
            cure = "Give each listener its own port."
            reader.add(name, f"{port} is the port of {taken[port]} too.", cure)
        taken.setdefault(port, name)


def _origins(reader: Reader) -> tuple[str, ...]:
    default = (
        "" if (reader.text("NODE_ENV") or "") == "production" else ",".join(DEVELOPMENT_ORIGINS)
    )
    if reader.raw("CORS_ORIGINS") is None:
        return forms.origin_list(default)
    return reader.parsed("CORS_ORIGINS", forms.origin_list, ())


def _admin(reader: Reader) -> AdminSettings:
    return AdminSettings(
        email=reader.parsed("INITIAL_ADMIN_EMAIL", forms.email, ""),
        password=reader.optional("INITIAL_ADMIN_PASSWORD", forms.sized(8, 1024)),
    )


def _models(reader: Reader) -> tuple[ModelSettings, ...]:
    text = reader.raw("MODELS")
    try:
        entries = TypeAdapter(list[ModelEntry]).validate_json(text or "[]")
    except ValidationError as wrong:
        for item in wrong.errors(include_url=False, include_input=False):
            where = ".".join(map(str, item["loc"])) or "the text"
            reader.add("MODELS", f"{where}: {item['msg']}.", VARIABLES["MODELS"].remedy("MODELS"))
        return ()
    names = [entry.name for entry in entries]
    for name in sorted({name for name in names if names.count(name) > 1}):
        reader.add("MODELS", f"the name {name} is used twice.", "Give each model its own name.")
    return tuple(_model(reader, entry) for entry in entries)


def _model(reader: Reader, entry: ModelEntry) -> ModelSettings:
    name = entry.apiKeyEnv or MODEL_KEY_PREFIX + entry.name.upper().replace("-", "_")
    key = reader.raw_secret(name)
    if key is None and entry.apiKeyEnv is not None:
        reader.add(
            name, f"is missing, the model {entry.name} names it.", f"Set {name} or {name}_FILE."
        )
    return ModelSettings(
        name=entry.name, provider=entry.provider, base_url=entry.baseUrl, api_key=key
    )


def _hosts(reader: Reader) -> tuple[str, ...]:
    return reader.parsed("MODEL_PRIVATE_HOSTS", forms.host_list, ())


def _election(reader: Reader) -> ElectionSettings:
    backends = {backend.value: backend for backend in ElectionBackend}
    settings = ElectionSettings(
        backend=reader.choice("ELECTION_BACKEND", backends, ElectionBackend.POSTGRES),
        lease=reader.text("ELECTION_LEASE"),
        lease_seconds=reader.integer("ELECTION_LEASE_SECONDS", 1, 3600),
        renew_seconds=reader.integer("ELECTION_RENEW_SECONDS", 1, 3600),
        retry_seconds=reader.integer("ELECTION_RETRY_SECONDS", 1, 3600),
        pod_name=reader.text("POD_NAME"),
        pod_namespace=reader.text("POD_NAMESPACE"),
        api_url=_api_url(reader),
    )
    _check_election(reader, settings)
    return settings


def _api_url(reader: Reader) -> str | None:
    host = reader.text("KUBERNETES_SERVICE_HOST")
    port = reader.integer("KUBERNETES_SERVICE_PORT", 1, MAX_PORT)
    if host is None:
        return None
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _check_election(reader: Reader, found: ElectionSettings) -> None:
    if not found.lease_seconds > found.renew_seconds > found.retry_seconds:
        cure = "Keep ELECTION_LEASE_SECONDS > ELECTION_RENEW_SECONDS > ELECTION_RETRY_SECONDS."
        reader.add("ELECTION_LEASE_SECONDS", "the three times are out of order.", cure)
    if found.backend is ElectionBackend.KUBERNETES:
        wanted = {
            "ELECTION_LEASE": found.lease,
            "POD_NAME": found.pod_name,
            "POD_NAMESPACE": found.pod_namespace,
            "KUBERNETES_SERVICE_HOST": found.api_url,
        }
        for name in (name for name, value in wanted.items() if value is None):
            reader.add(name, "is missing with ELECTION_BACKEND=kubernetes.", f"Set {name}.")


def _channels(reader: Reader) -> ChannelSettings:
    policies = {policy.value.lower(): policy for policy in OutboundPolicy}
    return ChannelSettings(
        enabled=reader.boolean("CHANNELS_ENABLED"),
        outbound_policy=reader.choice("OUTBOUND_POLICY", policies, OutboundPolicy.AT_MOST_ONCE),
        telegram_api_url=reader.parsed("TELEGRAM_API_URL", forms.base_url, ""),
        slack_api_url=reader.parsed("SLACK_API_URL", forms.base_url, ""),
        twilio_api_url=reader.parsed("TWILIO_API_URL", forms.base_url, ""),
    )


def _tunables(reader: Reader) -> Tunables:
    debounce = reader.integer("MESSAGE_SOFT_DEBOUNCE_MS", 0, HOUR_MS)
    typing = reader.integer("MESSAGE_TYPING_DELAY_MS", 0, HOUR_MS)
    if typing > debounce and reader.raw("MESSAGE_TYPING_DELAY_MS") is not None:
        reader.wrong("MESSAGE_TYPING_DELAY_MS", str(typing))
    return Tunables(
        message_soft_debounce_ms=debounce,
        message_typing_delay_ms=min(typing, debounce),
        message_max_restarts=reader.integer("MESSAGE_MAX_RESTARTS", 0, 1000),
        agent_call_timeout_ms=reader.integer("AGENT_CALL_TIMEOUT_MS", 1, HOUR_MS),
        sse_max_connections=reader.integer("SSE_MAX_CONNECTIONS", 1, 1_000_000),
        sse_max_connections_per_user=reader.integer("SSE_MAX_CONNECTIONS_PER_USER", 1, 1_000_000),
        analytics_retention_days=reader.integer("ANALYTICS_RETENTION_DAYS", 1, 36_500),
        knowledge_max_docs_per_instance=reader.integer(
            "KNOWLEDGE_MAX_DOCS_PER_INSTANCE", 1, 1_000_000
        ),
        dedup_similarity_threshold=reader.decimal("DEDUP_SIMILARITY_THRESHOLD", 0.0, 1.0),
        datetime_timezone=reader.parsed("DATETIME_TIMEZONE", forms.zone, "UTC"),
        datetime_locale=reader.parsed("DATETIME_LOCALE", forms.language, "en-US"),
    )


def _attachments(reader: Reader) -> AttachmentSettings | None:
    names = ("BUCKET", "REGION", "ENDPOINT", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
    found = {name: reader.text(f"PLATFORM_S3_{name}") for name in names}
    if not any(found.values()):
        return None
    pairs = (("BUCKET", "REGION"), ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))
    wanted = [(a, b) for pair in pairs for a, b in (pair, pair[::-1]) if found[b] and not found[a]]
    parts = ("ACCESS_KEY_ID", "ENDPOINT")
    wanted += [("BUCKET", part) for part in parts if found[part] and not found["BUCKET"]]
    for missing, given in wanted:
        name = f"PLATFORM_S3_{missing}"
        reader.add(name, f"is missing although PLATFORM_S3_{given} is set.", f"Set {name}.")
    return AttachmentSettings(
        bucket=found["BUCKET"] or "",
        region=found["REGION"] or "",
        endpoint=found["ENDPOINT"],
        access_key_id=found["ACCESS_KEY_ID"],
        secret_access_key=found["SECRET_ACCESS_KEY"],
    )
