"""The control plane on its own: quick to start, several at once, gone without a trace."""

import subprocess
import time
from pathlib import Path

import psutil
import pytest

from dev.cluster import probes
from support import apiserver

pytestmark = pytest.mark.integration


def processes_in(folder: Path) -> list[str]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        if str(folder) in command:
            found.append(command)
    return found


def test_an_api_server_stores_and_serves_objects(tmp_path: Path) -> None:
    with apiserver.running(tmp_path) as server:
        namespace = server.new_namespace()
        server.kubectl("create", "configmap", "x", "--from-literal=a=b", "-n", namespace)

        value = server.kubectl("get", "configmap", "x", "-n", namespace, "-o", "jsonpath={.data.a}")

    assert value == "b"


def test_the_bearer_token_is_an_administrators(tmp_path: Path) -> None:
    with apiserver.running(tmp_path) as server:
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


def test_a_stranger_is_refused(tmp_path: Path) -> None:
    with apiserver.running(tmp_path) as server:
        anonymous = probes.Http(f"{server.url}/api/v1/namespaces", server.ca_file)

        assert not anonymous.passed()
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
