"""Which proxy a URL is reached through: `HTTPS_PROXY`, `HTTP_PROXY` and the exceptions of `NO_PROXY`.

An exception is a host (with its subdomains), `.domain`, an address, a range of addresses, each
optionally with a port, or `*`. Pure; who sends requests is `egress`.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class Proxies:
    """The proxies, and what is reached without them."""

    https: str | None = None
    http: str | None = None
    exceptions: tuple[str, ...] = ()

    @property
    def all(self) -> frozenset[str]:
        """Give every proxy there is."""
        return frozenset(proxy for proxy in (self.https, self.http) if proxy is not None)

    def of(self, url: str) -> str | None:
        """Give the proxy for a URL, or nothing where it is reached directly."""
        parts = urlsplit(url)
        proxy = self.https if parts.scheme == "https" else self.http
        host, port = parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme)
        if proxy is None or any(_is_meant(entry, host, port) for entry in self.exceptions):
            return None
        return proxy


def _is_meant(entry: str, host: str, port: int | None) -> bool:
    if entry == "*":
        return True
    name, separator, number = entry.rpartition(":")
    if separator and number.isdigit() and (":" not in name or name.startswith("[")):
        return port == int(number) and _is_meant(name.strip("[]"), host, port)
    network = _network(entry)
    if network is not None:
        address = _network(host)
        return (
            address is not None
            and address.version == network.version
            and (address.network_address in network)
        )
    domain = entry.lower().strip(".")
    return (host == domain and not entry.startswith(".")) or host.endswith(f".{domain}")


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None
