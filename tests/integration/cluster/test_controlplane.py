"""The control plane on its own: quick to start, several at once, gone without a trace."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.cluster import probes
from support import apiserver

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apiserver.ApiServer]:
    with apiserver.running(tmp_path_factory.mktemp("server")) as running:
        yield running


def processes_in(folder: Path) -> list[str]:
    done = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if str(folder) in line]


def test_an_api_server_stores_and_serves_objects(server: apiserver.ApiServer) -> None:
    namespace = server.new_namespace()
    server.kubectl("create", "configmap", "x", "--from-literal=a=b", "-n", namespace)

    value = server.kubectl("get", "configmap", "x", "-n", namespace, "-o", "jsonpath={.data.a}")

    assert value == "b"


def test_the_bearer_token_is_an_administrators(server: apiserver.ApiServer) -> None:
    answer = server.kubectl(
        "auth", "whoami", f"--token={server.token}", "-o", "jsonpath={.status.userInfo.groups}"
    )

    assert "system:masters" in answer


def test_two_run_side_by_side_and_leave_no_process(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    with apiserver.running(one) as first, apiserver.running(two) as second:
        first.kubectl("create", "namespace", "only-here")

        elsewhere = second.try_kubectl("get", "namespace", "only-here")
        during = processes_in(tmp_path)

    assert elsewhere.returncode != 0
    assert len(during) == 4
    assert processes_in(tmp_path) == []


def test_a_stranger_is_refused(server: apiserver.ApiServer) -> None:
    assert not probes.Http(f"{server.url}/api/v1/namespaces", server.ca_file).passed()
    assert probes.Http(f"{server.url}/readyz", server.ca_file).passed()


def test_it_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = f"""
import pathlib, sys, time
from dev.cluster.controlplane import ControlPlane
with ControlPlane(pathlib.Path({str(tmp_path)!r})):
    print("ready", flush=True)
    time.sleep(60)
"""
    starter = subprocess.Popen(["python", "-c", program], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    assert starter.stdout.readline() == "ready\n"

    starter.kill()
    starter.wait()
    starter.stdout.close()
    deadline = time.monotonic() + 10
    while processes_in(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert processes_in(tmp_path) == []
