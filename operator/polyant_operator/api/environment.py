"""Environment variables a user adds to our containers, and the names they may not use."""

from re import compile as pattern
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from polyant_operator.api.errors import refusal
from polyant_operator.api.model import Model, matching
from polyant_operator.api.references import SecretKey, SecretName

# What the operator derives from the rest of the spec. Equal to the rule in crds/ (a test compares).
RESERVED: Final = (
    "AGENT_CALL_TIMEOUT_MS|ANALYTICS_RETENTION_DAYS|API_PORT|AUTH_ALLOWED_DOMAINS"
    "|AUTH_INTERNAL_SECRET|AUTH_INTERNAL_SECRET_PREVIOUS|AUTH_SECRET|AUTH_SECRET_PREVIOUS"
    "|AUTH_TRUST_HOST|AUTH_URL"
    "|BASE_URL|CHANNELS_ENABLED|CORS_ORIGINS|DATABASE_POOL_SIZE|DATABASE_URL"
    "|DATETIME_LOCALE|DATETIME_TIMEZONE|DEDUP_SIMILARITY_THRESHOLD|ENCRYPTION_KEY"
    "|ENCRYPTION_KEY_PREVIOUS|EXTRA_CA_FILE|GOOGLE_CLIENT_ID|GOOGLE_CLIENT_SECRET"
    "|HTTPS_PROXY|HTTP_PROXY|INITIAL_ADMIN_EMAIL|INITIAL_ADMIN_PASSWORD"
    "|INTERNAL_ENGINE_URL|INTERNAL_PORT|KNOWLEDGE_MAX_DOCS_PER_INSTANCE"
    "|MESSAGE_MAX_RESTARTS|MESSAGE_SOFT_DEBOUNCE_MS|MESSAGE_TYPING_DELAY_MS|METRICS_PORT"
    "|MIGRATE_ON_START|MIGRATE_TIMEOUT_SECONDS|MODELS|MODEL_PRIVATE_HOSTS"
    "|NEXT_PUBLIC_API_URL|NODE_ENV|NO_PROXY|OUTBOUND_POLICY|PORT|SSE_MAX_CONNECTIONS"
    "|SSE_MAX_CONNECTIONS_PER_USER|TERMINATION_MESSAGE_PATH|TRUST_PROXY"
    "|(ELECTION|INSTALLATION|KUBERNETES|MODEL_API_KEY|PLATFORM_S3|POD|POSTGRES)_.*"
)
_RESERVED: Final = pattern(f"({RESERVED})(_FILE)?")

VariableName = Annotated[
    str,
    Field(min_length=1, max_length=128),
    matching(
        r"[A-Za-z_][A-Za-z0-9_]*",
        "is not a variable name",
        "use letters, digits and '_', not starting with a digit",
    ),
]


class KeySelector(Model):
    """One key of a Secret or a ConfigMap."""

    name: SecretName
    key: SecretKey
    optional: bool | None = None


class FieldSelector(Model):
    """A field of the pod itself."""

    field_path: Annotated[
        str,
        Field(min_length=1, max_length=253),
        matching(
            r"metadata\.(name|namespace|uid)|spec\.(nodeName|serviceAccountName)"
            r"|status\.(hostIPs?|podIPs?)|metadata\.(labels|annotations)\['[^']+'\]",
            "is not a field of a pod that containers may know",
            "write for example status.podIP",
        ),
    ]


class VariableSource(Model):
    """Where a value comes from: exactly one of the three."""

    secret_key_ref: KeySelector | None = None
    config_map_key_ref: KeySelector | None = None
    field_ref: FieldSelector | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = (self.secret_key_ref, self.config_map_key_ref, self.field_ref)
        if sum(source is not None for source in given) != 1:
            raise refusal(
                "valueFrom needs exactly one source",
                "keep one of secretKeyRef, configMapKeyRef and fieldRef",
            )
        return self


class Setting(Model):
    """One variable, by value or by reference, of a container of the user's."""

    name: VariableName
    value: Annotated[str, Field(max_length=8192)] | None = None
    value_from: VariableSource | None = None

    @model_validator(mode="after")
    def _one_value(self) -> Self:
        if self.value is not None and self.value_from is not None:
            raise refusal(f"{self.name} has both value and valueFrom", "keep one of them")
        return self


class Variable(Setting):
    """One variable of our containers."""

    @model_validator(mode="after")
    def _not_ours(self) -> Self:
        if _RESERVED.fullmatch(self.name):
            raise refusal(
                f"{self.name} is set by the operator",
                "remove it and use the field of spec that stands for it"
                " (docs/reference/polyantinstance.md)",
            )
        return self


class ObjectSelector(Model):
    """A whole Secret or ConfigMap."""

    name: SecretName
    optional: bool | None = None


class VariableSet(Model):
    """All keys of a Secret or a ConfigMap as variables."""

    prefix: Annotated[str, Field(max_length=64)] | None = None
    secret_ref: ObjectSelector | None = None
    config_map_ref: ObjectSelector | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.secret_ref is None) == (self.config_map_ref is None):
            raise refusal(
                "envFrom needs exactly one source", "keep one of secretRef and configMapRef"
            )
        return self
