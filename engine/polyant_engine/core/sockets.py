"""Listening sockets that serve IPv4 and IPv6 alike, wherever IPv6 exists, or one address only."""

import errno
import socket

BACKLOG = 2048
NO_IPV6 = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT})


def listen(port: int, address: str | None = None) -> socket.socket:
    """Open a dual-stack socket, or an IPv4 one on a machine without IPv6, or one on an address."""
    if address is not None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return socket.create_server((address, port), family=family, backlog=BACKLOG)
    try:
        return _dual_stack(port)
    except OSError as failed:
        if failed.errno not in NO_IPV6:
            raise  # a port that is taken must not become half a listener
    return socket.create_server(("", port), backlog=BACKLOG)


def _dual_stack(port: int) -> socket.socket:
    return socket.create_server(
        ("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=BACKLOG
    )
