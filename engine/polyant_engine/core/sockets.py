"""Listening sockets that serve IPv4 and IPv6 alike, wherever IPv6 exists, or one address only."""

import contextlib
import socket

BACKLOG = 2048


def listen(port: int, address: str | None = None) -> socket.socket:
    """Open a dual-stack socket, or an IPv4 one on a machine without IPv6, or one on an address."""
    if address is not None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return socket.create_server((address, port), family=family, backlog=BACKLOG)
    with contextlib.suppress(OSError):
        if socket.has_dualstack_ipv6():
            return socket.create_server(
                ("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=BACKLOG
            )
    return socket.create_server(("", port), backlog=BACKLOG)
