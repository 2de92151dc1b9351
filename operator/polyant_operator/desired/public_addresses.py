"""Every address of the internet, without those that mean something near the pod.

Private networks, the node's own, and link-local ones, where clouds serve their metadata: a prompt
that makes an agent fetch a URL must not reach those.
"""

from ipaddress import IPv4Network
from typing import Final

from polyant_operator.desired.context import Manifest

_NEAR: Final = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",  # between provider and customer; pods and metadata of some clouds
    "127.0.0.0/8",
    "169.254.0.0/16",  # link-local: the metadata of most clouds
    "172.16.0.0/12",
    "192.0.0.0/24",  # protocol assignments; the metadata of one cloud
    "192.168.0.0/16",
    "198.18.0.0/15",  # benchmarks, used inside clusters
    "224.0.0.0/4",
    "240.0.0.0/4",  # reserved; pods of one cloud
)
_NEAR_SIX: Final = (
    "::/127",  # nobody and oneself
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
)
# IPv6-only clusters reach the IPv4 internet through this prefix, and the near addresses as well.
_TRANSLATED: Final = "64:ff9b::"
_TRANSLATED_BITS: Final = 96


def peers() -> list[Manifest]:
    """Give the peers of a rule that lets pods out into the internet."""
    six = [*_NEAR_SIX, *map(_translated, _NEAR), "64:ff9b:1::/48"]
    return [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(_NEAR)}},
        {"ipBlock": {"cidr": "::/0", "except": six}},
    ]


def _translated(block: str) -> str:
    network = IPv4Network(block)
    high, low = divmod(int(network.network_address), 1 << 16)
    address = f"{_TRANSLATED}{high:x}:{low:x}" if high or low else _TRANSLATED
    return f"{address}/{_TRANSLATED_BITS + network.prefixlen}"
