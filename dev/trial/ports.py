"""Ports on 127.0.0.1: which are wanted, which are taken, and a free one for what nobody types."""

import errno
import secrets
import socket
from collections.abc import Mapping

from dev.trial.errors import TrialError

HOST = "127.0.0.1"
FIRST, COUNT = 20000, 10000


def free() -> int:
    """Return a port that nothing listens on now.

    It is below the range that systems take for outgoing connections, so that no connection of ours
    sits on it before its process has started.
    """
    while True:
        port = FIRST + secrets.randbelow(COUNT)
        if not _problem(port):
            return port


def claim(wanted: Mapping[str, int]) -> dict[str, int]:
    """Return a port for each option, or name all that are taken at once."""
    taken = [option for option, port in wanted.items() if port and _problem(port)]
    if taken:
        raise TrialError("\n".join(_message(option, wanted[option]) for option in taken))
    return {option: port or free() for option, port in wanted.items()}


def _message(option: str, port: int) -> str:
    return (
        f"Port {port} cannot be used: {_problem(port)}. "
        f"Choose another with {option} PORT ({option} 0 takes any free one)."
    )


def _problem(port: int) -> str:
    # A listener on every address does not stop a bind to one address on every system: ask it too.
    with socket.socket() as client:
        client.settimeout(1)
        if client.connect_ex((HOST, port)) == 0:
            return f"something answers on it (see `ss -ltnp` or `lsof -i :{port}`)"
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        if error.errno == errno.EACCES:
            return "this user may not listen on it"
        return str(error.strerror)
    return ""
