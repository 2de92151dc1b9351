"""The frozen values that settings are made of, in groups; secrets never show in their `repr`."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from polyant_engine.core.proxies import Proxies

Hops = int | Literal["all"]


class ElectionBackend(StrEnum):
    """Where leadership is decided."""

    KUBERNETES = "kubernetes"
    POSTGRES = "postgres"


class OutboundPolicy(StrEnum):
    """What becomes of a message whose sending a vanished leader left unfinished."""

    AT_MOST_ONCE = "AtMostOnce"  # it is `unknown`, and a person decides
    AT_LEAST_ONCE = "AtLeastOnce"  # it is sent again


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """How to reach the database."""

    dsn: str = field(repr=False)
    pool_size: int
    wait_seconds: int
    extra_ca_file: str | None  # authorities besides those of the system


@dataclass(frozen=True, kw_only=True)
class KeySettings:
    """The secrets; never shown."""

    encryption_key: str = field(repr=False)
    previous_encryption_key: str | None = field(repr=False)
    auth_secret: str | None = field(repr=False)
    internal_secret: str | None = field(repr=False)
    previous_internal_secret: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class HttpSettings:
    """Ports and what is believed about proxies and browsers."""

    port: int
    internal_port: int | None
    metrics_port: int
    listen_address: str | None  # where all ports listen; nothing: everywhere
    base_url: str | None
    origins: tuple[str, ...]
    trusted_hops: Hops


@dataclass(frozen=True, kw_only=True)
class AdminSettings:
    """The first administrator."""

    email: str
    password: str | None = field(repr=False)


class ModelEntry(BaseModel):
    """One entry of MODELS."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=63)
    provider: Literal["openai"] = "openai"
    baseUrl: str | None = Field(default=None, pattern=r"^https?://[^\s/]+\S*$", max_length=2048)  # noqa: N815  a name of the wire
    apiKeyEnv: str | None = Field(default=None, pattern=r"^MODEL_API_KEY_[A-Z0-9_]+$")  # noqa: N815  a name of the wire


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """A model provider of the whole installation."""

    name: str
    provider: Literal["openai"]
    base_url: str | None
    api_key: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ElectionSettings:
    """How one replica becomes the leader."""

    backend: ElectionBackend
    lease: str | None
    lease_seconds: int
    renew_seconds: int
    retry_seconds: int
    pod_name: str | None
    pod_namespace: str | None
    api_url: str | None  # of Kubernetes; nothing: we do not run there


@dataclass(frozen=True, kw_only=True)
class ChannelSettings:
    """Channels of vendors; an address is that of the vendor's own service, or of one that speaks alike."""

    enabled: bool
    outbound_policy: OutboundPolicy
    telegram_api_url: str
    slack_api_url: str
    twilio_api_url: str


@dataclass(frozen=True, kw_only=True)
class Tunables:
    """Numbers an administrator may turn."""

    message_soft_debounce_ms: int
    message_typing_delay_ms: int
    message_max_restarts: int
    agent_call_timeout_ms: int
    sse_max_connections: int
    sse_max_connections_per_user: int
    analytics_retention_days: int
    knowledge_max_docs_per_instance: int
    dedup_similarity_threshold: float
    datetime_timezone: str
    datetime_locale: str


@dataclass(frozen=True, kw_only=True)
class AttachmentSettings:
    """Where attachments are kept."""

    bucket: str
    region: str
    endpoint: str | None  # nothing: that of the region at AWS
    access_key_id: str | None
    secret_access_key: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything `serve` needs."""

    database: DatabaseSettings
    keys: KeySettings
    http: HttpSettings
    models: tuple[ModelSettings, ...]
    model_private_hosts: tuple[str, ...]
    proxies: Proxies  # out of the private network
    election: ElectionSettings
    channels: ChannelSettings
    tunables: Tunables
    attachments: AttachmentSettings | None
    migrate_on_start: bool
    log_level: str


@dataclass(frozen=True, kw_only=True)
class MigrationSettings:
    """Everything `migrate` needs."""

    database: DatabaseSettings
    keys: KeySettings
    admin: AdminSettings
    installation_id: UUID | None
    owner: str | None
    take_over: UUID | None
    in_kubernetes: bool
    log_level: str
