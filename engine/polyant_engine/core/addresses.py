"""Which network addresses are on the public Internet: pure, and stricter than `is_global`.

`ipaddress.is_global` knows the registries but not the wrappers: an IPv4 address inside NAT64, 6to4,
Teredo or a mapped address leads wherever the inner address leads. So the inner one decides, and
multicast and the deprecated site-local range never count as public.
"""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
V4_COMPATIBLE = ipaddress.IPv6Network("::/96")
SITE_LOCAL = ipaddress.IPv6Network("fec0::/10")
SPECIAL_V4 = (
    # Protocol assignments and 6to4 relays: what is "global" in there differs between Pythons.
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv4Network("192.88.99.0/24"),
)
IPV4_BITS = 0xFFFFFFFF


def is_public(text: str) -> bool:
    """Tell whether an address, and what it wraps, is on the public Internet."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address):
        return _is_public_v4(address)
    if address in SITE_LOCAL or address.is_multicast:
        return False
    wrapped = unwrapped(address)
    return address.is_global if wrapped is None else all(map(_is_public_v4, wrapped))


def unwrapped(address: ipaddress.IPv6Address) -> tuple[ipaddress.IPv4Address, ...] | None:
    """Return the IPv4 addresses that an IPv6 address leads to, if it is a wrapper."""
    if any(address in network for network in (*NAT64, V4_COMPATIBLE)):
        return (ipaddress.IPv4Address(int(address) & IPV4_BITS),)
    if address.teredo is not None:
        return address.teredo
    inner = address.ipv4_mapped or address.sixtofour
    return None if inner is None else (inner,)


def _is_public_v4(address: ipaddress.IPv4Address) -> bool:
    if any(address in network for network in SPECIAL_V4):
        return False
    return address.is_global and not address.is_multicast
