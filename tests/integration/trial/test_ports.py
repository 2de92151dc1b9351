"""Ports: a taken one is named before anything starts."""

import socket

import pytest

from dev.trial import ports
from dev.trial.errors import TrialError

pytestmark = pytest.mark.integration


def test_a_free_port_is_given_back() -> None:
    port = ports.free()

    assert ports.claim({"--web-port": port}) == {"--web-port": port}


def test_zero_becomes_a_free_port() -> None:
    assert ports.claim({"--web-port": 0})["--web-port"] > 0


@pytest.mark.parametrize("address", ["127.0.0.1", ""])
def test_all_taken_ports_are_named_with_their_options(address: str) -> None:
    with socket.create_server((address, 0)) as one, socket.create_server((address, 0)) as two:
        numbers = [one.getsockname()[1], two.getsockname()[1]]

        with pytest.raises(TrialError) as caught:
            ports.claim({"--web-port": numbers[0], "--engine-port": numbers[1]})

    assert f"{numbers[0]} cannot be used" in str(caught.value)
    assert f"{numbers[1]} cannot be used" in str(caught.value)
    assert "--engine-port PORT" in str(caught.value)
