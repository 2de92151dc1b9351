"""Where the pods of an installation may connect to when its egress is restricted.

engine      names, database, API server, internet, proxy, what the user allows
web         names, engine, internet if people sign in elsewhere, proxy, what the user allows
migration   names, database, internet if the database may be there, what the user allows
database    nothing
"""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component, selector
from polyant_operator.desired import ports, public_addresses
from polyant_operator.desired.context import Context, Manifest

_DNS: Final = 53
# Where OpenShift's DNS pods listen; a policy sees the pod's port, not the Service's.
_DNS_OF_PODS: Final = 5353
# The label CloudNativePG puts on the pods of a cluster.
_CNPG_CLUSTER: Final = "cnpg.io/cluster"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def of(instance: PolyantInstance, context: Context, component: Component) -> list[Manifest]:
    """List the rules of a component."""
    match component:
        case Component.ENGINE:
            special = [*_database(instance), *_api_server(context), _internet()]
            return [*_names(), *special, *_proxies(instance), *_allowed(instance)]
        case Component.WEB:
            special = [_to([pods(instance, Component.ENGINE)], ports.INTERNAL)]
            if instance.spec.sign_in.google is not None:
                special += [_internet(), *_proxies(instance)]
            return [*_names(), *special, *_allowed(instance)]
        case Component.MIGRATION:
            special = _database(instance)
            if _is_anywhere(instance):
                special += [_internet()]
            return [*_names(), *special, *_allowed(instance)]
        case _:
            return []


def pods(instance: PolyantInstance, component: Component) -> Manifest:
    """Select the pods of a component."""
    return {"podSelector": {"matchLabels": dict(selector(instance.name, component))}}


def proxy_hosts(instance: PolyantInstance) -> tuple[str, ...]:
    """List the proxies that are named, not numbered: a policy can't mean names."""
    found = [host for host, _ in _proxy_ends(instance) if not _is_address(host)]
    return tuple(dict.fromkeys(found))


def _names() -> list[Manifest]:
    # Resolvers live in pods, on nodes and at link-local addresses: by their port alone.
    anywhere = [{"protocol": protocol, "port": _DNS} for protocol in ("UDP", "TCP")]
    in_pods = [{"protocol": protocol, "port": _DNS_OF_PODS} for protocol in ("UDP", "TCP")]
    return [{"ports": anywhere}, {"to": [{"namespaceSelector": {}}], "ports": in_pods}]


def _database(instance: PolyantInstance) -> list[Manifest]:
    database = instance.spec.database
    if database.embedded is not None:
        return [_to([pods(instance, Component.DATABASE)], ports.DATABASE)]
    if database.cnpg_cluster_ref is not None:
        labels = {_CNPG_CLUSTER: database.cnpg_cluster_ref.name}
        return [_to([{"podSelector": {"matchLabels": labels}}], ports.DATABASE)]
    return []


def _is_anywhere(instance: PolyantInstance) -> bool:
    """Tell whether the migration goes to an address that only a Secret knows."""
    database = instance.spec.database
    return (database.url_secret_ref or database.migration_url_secret_ref) is not None


def _api_server(context: Context) -> list[Manifest]:
    # One rule each: the port of the Service is not the port of the servers behind it.
    return [_to([_address(host)], port) for host, port in context.api_server]


def _internet() -> Manifest:
    return {"to": public_addresses.peers()}


def _proxies(instance: PolyantInstance) -> list[Manifest]:
    ends = dict.fromkeys(end for end in _proxy_ends(instance) if _is_address(end[0]))
    return [_to([_address(host)], port) for host, port in ends]


def _proxy_ends(instance: PolyantInstance) -> list[tuple[str, int]]:
    proxy = instance.spec.egress_proxy
    urls = (proxy.https_proxy, proxy.http_proxy) if proxy is not None else ()
    parts = [urlsplit(url) for url in urls if url is not None]
    return [(part.hostname or "", part.port or _DEFAULT_PORTS[part.scheme]) for part in parts]


def _allowed(instance: PolyantInstance) -> list[Manifest]:
    return [rule.manifest for rule in instance.spec.network_policy.allow]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _address(host: str) -> Manifest:
    address = ip_address(host)
    return {"ipBlock": {"cidr": f"{address}/{address.max_prefixlen}"}}


def _to(peers: list[Manifest], port: int) -> Manifest:
    return {"to": peers, "ports": [{"protocol": "TCP", "port": port}]}
