"""Listening sockets that serve IPv4 and IPv6 alike, wherever IPv6 exists."""

import contextlib
import socket

BACKLOG = 2048


def listen(port: int) -> socket.socket:
    """Open a dual-stack socket, or an IPv4 one on a machine without IPv6."""
    with contextlib.suppress(OSError):
        if socket.has_dualstack_ipv6():
            return socket.create_server(
                ("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=BACKLOG
            )
    return socket.create_server(("", port), backlog=BACKLOG)
