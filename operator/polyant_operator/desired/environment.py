"""The variables of every container: ours by name, then the user's.

Secret values never appear: each is a reference to the key of a Secret. The names here are held to
the settings of engine and panel by `tests/unit/contract`.
"""

from collections.abc import Mapping
from json import dumps
from typing import Final

from polyant_operator.api.engine import Tunables
from polyant_operator.api.environment import Variable, VariableSet
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import TAKE_OVER, Component
from polyant_operator.api.models import ModelProvider
from polyant_operator.desired import (
    attachments,
    ca_bundle,
    ports,
    proxy,
    secrets,
    sign_in,
    trust,
    uses,
)
from polyant_operator.desired.context import Manifest
from polyant_operator.desired.wire import wire

TUNABLES: Final[Mapping[str, str]] = {
    "message_soft_debounce_ms": "MESSAGE_SOFT_DEBOUNCE_MS",
    "message_typing_delay_ms": "MESSAGE_TYPING_DELAY_MS",
    "message_max_restarts": "MESSAGE_MAX_RESTARTS",
    "agent_call_timeout_ms": "AGENT_CALL_TIMEOUT_MS",
    "sse_max_connections": "SSE_MAX_CONNECTIONS",
    "sse_max_connections_per_user": "SSE_MAX_CONNECTIONS_PER_USER",
    "analytics_retention_days": "ANALYTICS_RETENTION_DAYS",
    "knowledge_max_docs_per_agent": "KNOWLEDGE_MAX_DOCS_PER_INSTANCE",
    "dedup_similarity_threshold": "DEDUP_SIMILARITY_THRESHOLD",
    "datetime_timezone": "DATETIME_TIMEZONE",
    "datetime_locale": "DATETIME_LOCALE",
}


def engine(instance: PolyantInstance) -> list[Manifest]:
    """Give the engine's variables."""
    spec = instance.spec
    plain = {
        **trust.derive(instance).engine_variables,
        **_tunables(spec.engine.tunables),
        **_models(spec.models),
        **attachments.variables(instance),
        **ca_bundle.variables(instance),
        "API_PORT": str(ports.ENGINE),
        "CHANNELS_ENABLED": _flag(spec.channels.enabled),
        "DATABASE_POOL_SIZE": str(spec.database.pool_size),
        "ELECTION_BACKEND": "kubernetes",
        "ELECTION_LEASE": instance.names.lease,
        "INTERNAL_PORT": str(ports.INTERNAL),
        "METRICS_PORT": str(ports.METRICS),
        "MIGRATE_ON_START": _flag(value=False),
        "OUTBOUND_POLICY": spec.channels.outbound_policy,
    }
    fields = {"POD_NAME": "metadata.name", "POD_NAMESPACE": "metadata.namespace"}
    told = [*_plain(plain), *_fields(fields), *proxy.variables(instance)]
    ours = [*told, *_referenced(instance, Component.ENGINE)]
    return [*_by_name(ours), *_own(spec.engine.env)]


def web(instance: PolyantInstance) -> list[Manifest]:
    """Give the panel's variables; no database credentials among them."""
    plain = {
        **trust.derive(instance).web_variables,
        **sign_in.variables(instance),
        **ca_bundle.variables(instance),
        "METRICS_PORT": str(ports.METRICS),
        "PORT": str(ports.WEB),
    }
    told = [*_plain(plain), *proxy.variables(instance)]
    ours = [*told, *_referenced(instance, Component.WEB)]
    return [*_by_name(ours), *_own(instance.spec.web.env)]


def migration(instance: PolyantInstance) -> list[Manifest]:
    """Give the migration's variables: the user's are those of the engine, whose image it runs."""
    plain = {
        **ca_bundle.variables(instance),
        "INITIAL_ADMIN_EMAIL": instance.spec.admin.email,
        "INSTALLATION_OWNER": f"{instance.namespace}/{instance.name}",
        # A wrong address is told after this long; the Job is made anew until a database answers.
        "MIGRATE_TIMEOUT_SECONDS": "60",
    }
    if instance.status.installation_id is not None:
        plain["INSTALLATION_ID"] = instance.status.installation_id
    if instance.annotations.get(TAKE_OVER):
        plain["INSTALLATION_TAKE_OVER"] = instance.annotations[TAKE_OVER]
    told = [*_plain(plain), *proxy.variables(instance)]
    ours = [*told, *_referenced(instance, Component.MIGRATION)]
    return [*_by_name(ours), *_own(instance.spec.engine.env)]


def database(instance: PolyantInstance, data: str) -> list[Manifest]:
    """Give the embedded database's variables, which are those of the official image."""
    plain = {
        "PGDATA": f"{data}/pgdata",
        "POSTGRES_DB": secrets.DATABASE_NAME,
        "POSTGRES_USER": secrets.DATABASE_USER,
    }
    return _by_name([*_plain(plain), *_referenced(instance, Component.DATABASE)])


def sets(given: tuple[VariableSet, ...]) -> list[Manifest]:
    """Give the user's whole Secrets and ConfigMaps; single variables win over them."""
    return [wire(one) for one in given]


def _tunables(tunables: Tunables) -> dict[str, str]:
    values = {variable: getattr(tunables, field) for field, variable in TUNABLES.items()}
    return {variable: str(value) for variable, value in values.items() if value is not None}


def _models(models: tuple[ModelProvider, ...]) -> dict[str, str]:
    if not models:
        return {}
    hosts = dict.fromkeys(model.host for model in models if model.host is not None)
    told = {"MODELS": dumps([_model(model) for model in models], separators=(",", ":"))}
    return told | ({"MODEL_PRIVATE_HOSTS": ",".join(hosts)} if hosts else {})


def _model(model: ModelProvider) -> dict[str, str]:
    entry = {"name": model.name, "provider": model.provider.value}
    if model.base_url is not None:
        entry["baseUrl"] = model.base_url
    if model.api_key_secret_ref is not None:
        entry["apiKeyEnv"] = model.key_variable
    return entry


def _plain(values: Mapping[str, str]) -> list[Manifest]:
    # Kubernetes expands $(NAME) in values; what comes out of the spec is meant literally.
    return [{"name": name, "value": value.replace("$(", "$$(")} for name, value in values.items()]


def _fields(values: Mapping[str, str]) -> list[Manifest]:
    return [
        {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
        for name, path in values.items()
    ]


def _referenced(instance: PolyantInstance, component: Component) -> list[Manifest]:
    return [
        {"name": use.variable, "valueFrom": {"secretKeyRef": _reference(use)}}
        for use in uses.variables(instance, component)
    ]


def _reference(use: uses.SecretUse) -> Manifest:
    reference: Manifest = {"name": use.secret, "key": use.key}
    return {**reference, "optional": True} if use.optional else reference


def _own(variables: tuple[Variable, ...]) -> list[Manifest]:
    return [wire(variable) for variable in variables]


def _by_name(variables: list[Manifest]) -> list[Manifest]:
    return sorted(variables, key=lambda variable: str(variable["name"]))


def _flag(value: bool) -> str:  # noqa: FBT001 - the flag is the value
    return "true" if value else "false"
