"""Who may connect to the pods of an installation; where they may connect to is `egress_rules`.

One policy a component. Policies add up, so users can add their own and can't take ours away by it.
Ports are numbers: a name would also mean a port that a sidecar calls so. What comes from the pod's
own node (the kubelet's probes, a port-forward) passes in every implementation.
"""

from collections.abc import Iterable

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import COMPONENT, INSTANCE, NAME, Component, selector
from polyant_operator.api.network_policy import Egress, Peer
from polyant_operator.desired import egress_rules, ports
from polyant_operator.desired.context import Context, Manifest
from polyant_operator.desired.metadata import owned_metadata


def build(instance: PolyantInstance, context: Context) -> tuple[Manifest, ...]:
    """Build the policies of all components, or none."""
    if not instance.spec.network_policy.enabled:
        return ()
    names = instance.names
    found = [
        _policy(instance, context, names.engine, Component.ENGINE),
        _policy(instance, context, names.web, Component.WEB),
        _policy(instance, context, names.migrate, Component.MIGRATION),
    ]
    if instance.spec.database.embedded is not None:
        found.append(_policy(instance, context, names.database, Component.DATABASE))
    return tuple(found)


def is_scraped_by_anyone(instance: PolyantInstance) -> bool:
    """Tell whether a PodMonitor is asked for without saying where Prometheus is."""
    monitor = instance.spec.monitoring.pod_monitor
    return monitor is not None and instance.spec.network_policy.metrics_from is None


def _policy(
    instance: PolyantInstance, context: Context, name: str, component: Component
) -> Manifest:
    rules = {"ingress": _ingress(instance, component)}
    if instance.spec.network_policy.egress is Egress.RESTRICTED:
        rules["egress"] = egress_rules.of(instance, context, component)
    spec: Manifest = {
        "podSelector": {"matchLabels": dict(selector(instance.name, component))},
        "policyTypes": [direction.title() for direction in rules],
        # The API server stores no empty list, so one that is applied is a change every time.
        **{direction: allowed for direction, allowed in rules.items() if allowed},
    }
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": owned_metadata(instance, name, component),
        "spec": spec,
    }


def _ingress(instance: PolyantInstance, component: Component) -> list[Manifest]:
    match component:
        case Component.ENGINE:
            panel = [egress_rules.pods(instance, Component.WEB)]
            rules = [_from_edge(instance, ports.ENGINE), _rule(panel, ports.INTERNAL)]
            return [*_kept(rules), *_from_metrics(instance)]
        case Component.WEB:
            return [*_kept([_from_edge(instance, ports.WEB)]), *_from_metrics(instance)]
        case Component.DATABASE:
            return [_rule([_clients(instance)], ports.DATABASE)]
        case _:
            return []  # nobody has anything to ask a migration


def _from_edge(instance: PolyantInstance, port: int) -> Manifest | None:
    # Load balancers of clouds have addresses outside the cluster, so "any" is not "any pod".
    peers = instance.spec.network_policy.edge_from
    return _rule(None, port) if peers is None else _from_peers(peers, port)


def _from_metrics(instance: PolyantInstance) -> list[Manifest]:
    if is_scraped_by_anyone(instance):
        return [_rule([{"namespaceSelector": {}}], ports.METRICS)]
    peers = instance.spec.network_policy.metrics_from or ()
    return _kept([_from_peers(peers, ports.METRICS)])


def _from_peers(peers: Iterable[Peer], port: int) -> Manifest | None:
    listed = [peer.manifest for peer in peers]
    # A rule with an empty list would let everybody in.
    return _rule(listed, port) if listed else None


def _rule(peers: list[Manifest] | None, port: int) -> Manifest:
    rule: Manifest = {"ports": [{"protocol": "TCP", "port": port}]}
    return rule if peers is None else {"from": peers, **rule}


def _kept(rules: Iterable[Manifest | None]) -> list[Manifest]:
    return [rule for rule in rules if rule is not None]


def _clients(instance: PolyantInstance) -> Manifest:
    parts = [Component.ENGINE.value, Component.MIGRATION.value]
    common = selector(instance.name, Component.ENGINE)
    return {
        "podSelector": {
            "matchLabels": {key: common[key] for key in (NAME, INSTANCE)},
            "matchExpressions": [{"key": COMPONENT, "operator": "In", "values": parts}],
        }
    }
