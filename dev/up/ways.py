"""The way to the installation: through the cluster's edge, or through two forwarded ports."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from dev.up import quickstart
from dev.up.edgeclient import EdgeClient
from dev.up.errors import StepError
from dev.up.kubectl import Kubectl

WEB_PORT, ENGINE_PORT = 8088, 8089
SECONDS_TO_LISTEN = 20


@dataclass(frozen=True, kw_only=True)
class Ways:
    """Two clients; through an edge they are one."""

    web: EdgeClient
    api: EdgeClient


@contextmanager
def through_edge(address: str) -> Iterator[Ways]:
    """Both through the edge at this address."""
    port = address.rpartition(":")[2]
    host = quickstart.HOST if port == "80" else f"{quickstart.HOST}:{port}"
    client = EdgeClient(address=address, host=host)
    yield Ways(web=client, api=client)


@contextmanager
def through_ports(kubectl: Kubectl, instance: str) -> Iterator[Ways]:
    """Each through a forwarded port, open as long as the context."""
    with ExitStack() as stack:
        stack.enter_context(_forwarded(kubectl, f"service/{instance}-web", WEB_PORT, 3000))
        stack.enter_context(_forwarded(kubectl, f"service/{instance}-engine", ENGINE_PORT, 4000))
        web, api = (f"localhost:{port}" for port in (WEB_PORT, ENGINE_PORT))
        yield Ways(web=EdgeClient(address=web, host=web), api=EdgeClient(address=api, host=api))


@contextmanager
def _forwarded(kubectl: Kubectl, target: str, port: int, remote: int) -> Iterator[None]:
    command = kubectl.argv("port-forward", target, f"{port}:{remote}")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(process, target, port)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], target: str, port: int) -> None:
    deadline = time.monotonic() + SECONDS_TO_LISTEN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("localhost", port), 1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise StepError(f"kubectl port-forward {target} {port} does not listen; is the port taken?")
