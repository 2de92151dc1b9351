"""What the operator process is told from outside: environment variables, read here and nowhere else.

All mistakes are reported at once, each with the name, the value's expected form and the cure,
so that a wrong Deployment is mended in one go. An empty variable counts as unset.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One environment variable as a person may look it up."""

    form: str
    default: str | None
    doc: str
    required: bool = False
    secret: bool = False


VARIABLES: Mapping[str, Variable] = MappingProxyType(
    {
        "KUBECONFIG": Variable(
            form="path of a file",
            default=None,
            doc="Cluster access outside a pod; unset = in-cluster.",
        ),
        "WATCH_NAMESPACES": Variable(
            form="comma-separated namespace names", default="", doc="Empty = every namespace."
        ),
        "SHARD": Variable(
            form="a label value",
            default="",
            doc="Serve only instances with this value of the label polyant.ai/shard; empty = only"
            " those without the label.",
        ),
        "POD_NAME": Variable(
            form="a Kubernetes name", default="polyant-operator", doc="Identity in the Lease."
        ),
        "POD_NAMESPACE": Variable(
            form="a namespace name",
            default="polyant-system",
            doc="Where the operator's Lease lives.",
        ),
        "LEASE_NAME": Variable(
            form="a Kubernetes name",
            default="polyant-operator",
            doc="The Lease that elects a replica.",
        ),
        "LEASE_SECONDS": Variable(
            form="integer 5..600", default="15", doc="Life of an unrenewed Lease."
        ),
        "LEASE_RENEW_SECONDS": Variable(
            form="integer 3..590, at least 2 below LEASE_SECONDS",
            default="10",
            doc="Without a renewal for this long the work stops.",
        ),
        "LEASE_RETRY_SECONDS": Variable(
            form="integer 1..60, below LEASE_RENEW_SECONDS", default="2", doc="Pause between tries."
        ),
        "OPERATOR_ENGINE_IMAGE": Variable(
            form="image repository without a tag",
            default="ghcr.io/polyant-ai/polyant-engine",
            doc="Completed with spec.version.",
        ),
        "OPERATOR_DATABASE_IMAGE": Variable(
            form="image reference",
            default="ghcr.io/polyant-ai/polyant-postgres:16",
            doc="The embedded database.",
        ),
        "OPERATOR_IMAGE_PULL_SECRETS": Variable(
            form="comma-separated Secret names", default="", doc="Added to every pod it creates."
        ),
        "RESYNC_SECONDS": Variable(
            form="integer 10..86400",
            default="600",
            doc="Pause between full comparisons with the cluster.",
        ),
        "WORKERS": Variable(
            form="integer 1..100", default="10", doc="Instances reconciled at one time."
        ),
        "MAX_CONCURRENT_ROLLOUTS": Variable(
            form="integer 1..10000",
            default="5",
            doc="Instances whose pods roll at one time without a change of their spec.",
        ),
        "API_REQUESTS_PER_SECOND": Variable(
            form="integer 1..10000",
            default="500",
            doc="Requests to the API server; bursts of twice as many.",
        ),
        "LOG_LEVEL": Variable(
            form="one of debug, info, warning, error", default="info", doc="`warn` is accepted."
        ),
        "METRICS_PORT": Variable(
            form="integer 1..65535", default="8080", doc="Port of /metrics, /livez and /readyz."
        ),
    }
)

# Seconds between the end of the work and the end of the Lease: room for the work to stop.
_RENEW_MARGIN = 2
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
# A label value that may also end a Lease's name.
_SHARD = re.compile(r"([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?")
_IMAGE = re.compile(r"[a-z0-9][-a-zA-Z0-9._:/@]{0,500}")


class ConfigurationError(ValueError):
    """Every problem of the environment at once."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class LeaseTimes:
    """Times of a leadership, in seconds: lease > renew > retry."""

    lease: float
    renew: float
    retry: float


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The checked settings of one operator process."""

    kubeconfig: str | None
    watch_namespaces: tuple[str, ...]
    shard: str
    pod_name: str
    pod_namespace: str
    lease_name: str
    lease: LeaseTimes
    engine_image: str
    database_image: str
    image_pull_secrets: tuple[str, ...]
    resync_seconds: float
    workers: int
    max_concurrent_rollouts: int
    api_requests_per_second: int
    log_level: str
    metrics_port: int


class _Reader:
    """Reads variables by name and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def text(self, name: str) -> str:
        return self._environ.get(name, "").strip() or (VARIABLES[name].default or "")

    def complain(self, name: str) -> None:
        self.problems.append(
            f"{name}={self.text(name)!r}: expected {VARIABLES[name].form}. {VARIABLES[name].doc}"
        )

    def matching(self, name: str, pattern: re.Pattern[str]) -> str:
        value = self.text(name)
        if not pattern.fullmatch(value):
            self.complain(name)
        return value

    def names(self, name: str) -> tuple[str, ...]:
        values = tuple(part.strip() for part in self.text(name).split(",") if part.strip())
        if not all(_NAME.fullmatch(value) for value in values):
            self.complain(name)
        return values

    def integer(self, name: str) -> int:
        low, high = re.findall(r"\d+", VARIABLES[name].form)[:2]
        text = self.text(name)
        if text.isascii() and text.isdigit() and int(low) <= int(text) <= int(high):
            return int(text)
        self.complain(name)
        return int(VARIABLES[name].default or 0)

    def level(self) -> str:
        value = self.text("LOG_LEVEL").lower()
        value = "warning" if value == "warn" else value
        if value not in LOG_LEVELS:
            self.complain("LOG_LEVEL")
        return value

    def repository(self) -> str:
        value = self.matching("OPERATOR_ENGINE_IMAGE", _IMAGE)
        if "@" in value or ":" in value.rpartition("/")[2]:
            self.complain("OPERATOR_ENGINE_IMAGE")
        return value

    def times(self) -> LeaseTimes:
        names = ("LEASE_SECONDS", "LEASE_RENEW_SECONDS", "LEASE_RETRY_SECONDS")
        lease, renew, retry = (self.integer(name) for name in names)
        if renew > lease - _RENEW_MARGIN:
            self.complain("LEASE_RENEW_SECONDS")
        if retry >= renew:
            self.complain("LEASE_RETRY_SECONDS")
        return LeaseTimes(lease=lease, renew=renew, retry=retry)


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings, or raise `ConfigurationError` with every problem."""
    read = _Reader(environ)
    settings = Settings(
        kubeconfig=read.text("KUBECONFIG") or None,
        watch_namespaces=read.names("WATCH_NAMESPACES"),
        shard=read.matching("SHARD", _SHARD),
        pod_name=read.matching("POD_NAME", _NAME),
        pod_namespace=read.matching("POD_NAMESPACE", _NAME),
        lease_name=read.matching("LEASE_NAME", _NAME),
        lease=read.times(),
        engine_image=read.repository(),
        database_image=read.matching("OPERATOR_DATABASE_IMAGE", _IMAGE),
        image_pull_secrets=read.names("OPERATOR_IMAGE_PULL_SECRETS"),
        resync_seconds=read.integer("RESYNC_SECONDS"),
        workers=read.integer("WORKERS"),
        max_concurrent_rollouts=read.integer("MAX_CONCURRENT_ROLLOUTS"),
        api_requests_per_second=read.integer("API_REQUESTS_PER_SECOND"),
        log_level=read.level(),
        metrics_port=read.integer("METRICS_PORT"),
    )
    if read.problems:
        raise ConfigurationError(tuple(dict.fromkeys(read.problems)))
    return settings
