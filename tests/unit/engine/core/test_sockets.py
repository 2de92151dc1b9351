import errno
import socket
from typing import Any

import pytest

from polyant_engine.core import sockets


class Sockets:
    """Stands in for the operating system: one family fails in one way."""

    def __init__(self, failure: int) -> None:
        self.failure = failure
        self.families: list[int] = []

    def create_server(
        self, address: tuple[str, int], *, family: int = socket.AF_INET, **_: Any
    ) -> str:
        del address
        self.families.append(family)
        if family == socket.AF_INET6:
            raise OSError(self.failure, "no")
        return "a socket"


def test_a_machine_without_ipv6_gets_ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    system = Sockets(errno.EAFNOSUPPORT)
    monkeypatch.setattr(socket, "create_server", system.create_server)

    sockets.listen(4000)

    assert system.families == [socket.AF_INET6, socket.AF_INET]


def test_a_port_that_is_taken_is_an_error_not_half_a_listener(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = Sockets(errno.EADDRINUSE)
    monkeypatch.setattr(socket, "create_server", system.create_server)

    with pytest.raises(OSError, match="no"):
        sockets.listen(4000)
    assert system.families == [socket.AF_INET6]
