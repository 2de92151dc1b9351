"""What a person should know of a spec that works: said once for each generation, as an event.

Nothing here keeps an instance from being ready; what does is a condition.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.network_policy import Egress


class Topic(StrEnum):
    """The reasons of these events: words that are API, as the reasons of conditions are."""

    EDGE_OPEN = "EdgeOpenToAll"
    METRICS_OPEN = "MetricsOpenToAll"
    API_SERVER_PARTLY_KNOWN = "ApiServerPartlyKnown"
    DATABASE_NOT_IN_POLICY = "DatabaseNotInPolicy"
    PROXY_NOT_IN_POLICY = "ProxyNotInPolicy"
    POD_MONITOR_UNAVAILABLE = "PodMonitorUnavailable"
    PROMOTION_REFUSED = "PromotionRefused"


@dataclass(frozen=True, kw_only=True)
class Advice:
    """One thing to know."""

    topic: Topic
    message: str
    is_warning: bool = True


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is known of the cluster, and of the built policies."""

    knows_api_server: bool = True
    has_pod_monitors: bool = True
    # Proxies that no policy can mean, as they are named.
    named_proxies: tuple[str, ...] = ()


_EDGE: Final = Advice(
    topic=Topic.EDGE_OPEN,
    message="spec.networkPolicy.edgeFrom is not set: the ports of panel and API are open to every pod, and to"
    " whoever reaches pods from outside the cluster. Name the pods or addresses of the edge there.",
)
_METRICS: Final = Advice(
    topic=Topic.METRICS_OPEN,
    message="spec.monitoring.podMonitor is set but spec.networkPolicy.metricsFrom is not: every pod of the"
    " cluster may read the metrics. Name the pods of Prometheus there.",
)
_API_SERVER: Final = Advice(
    topic=Topic.API_SERVER_PARTLY_KNOWN,
    message="The operator could not read the EndpointSlice default/kubernetes, so the policies let the engine out"
    " to the API server's Service address only. Where the network judges the address behind it,"
    " channels stop: let the operator read it, or name the API server in spec.networkPolicy.allow.",
)
_DATABASE: Final = Advice(
    topic=Topic.DATABASE_NOT_IN_POLICY,
    message="spec.networkPolicy.egress is Restricted and the database's address is only in its Secret: in a"
    " private network or in this cluster it can't be reached. Name it in spec.networkPolicy.allow.",
)
_MONITOR: Final = Advice(
    topic=Topic.POD_MONITOR_UNAVAILABLE,
    message="The cluster has no PodMonitors (monitoring.coreos.com/v1). The one of this instance is made when"
    " that API appears.",
    is_warning=False,
)


def of(instance: PolyantInstance, around: Surroundings) -> tuple[Advice, ...]:
    """List what to tell about an instance."""
    found = list(_policies(instance, around)) if instance.spec.network_policy.enabled else []
    if instance.spec.monitoring.pod_monitor is not None and not around.has_pod_monitors:
        found.append(_MONITOR)
    return tuple(found)


def _policies(instance: PolyantInstance, around: Surroundings) -> Iterator[Advice]:
    policy = instance.spec.network_policy
    if policy.edge_from is None:
        yield _EDGE
    if policy.metrics_from is None and instance.spec.monitoring.pod_monitor is not None:
        yield _METRICS
    if policy.egress is Egress.RESTRICTED:
        yield from _egress(instance, around)


def _egress(instance: PolyantInstance, around: Surroundings) -> Iterator[Advice]:
    if not around.knows_api_server:
        yield _API_SERVER
    if instance.spec.database.url_secret_ref is not None and not instance.spec.network_policy.allow:
        yield _DATABASE
    if around.named_proxies:
        yield _proxy(around.named_proxies)


def _proxy(hosts: tuple[str, ...]) -> Advice:
    text = (
        f"spec.egressProxy names {', '.join(hosts)}, and policies mean addresses, not names: unless it has a"
        " public address, name its pods or addresses in spec.networkPolicy.allow."
    )
    return Advice(topic=Topic.PROXY_NOT_IN_POLICY, message=text)
