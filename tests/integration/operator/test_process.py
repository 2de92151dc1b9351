"""The operator as it runs in a pod: two replicas, the chart's rights, its probes, its end."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import apiserver, operator_process
from support.chart_rights import kubeconfig_of
from support.operator_process import eventually

pytestmark = pytest.mark.integration

INSTANCE = """
apiVersion: polyant.ai/v1alpha1
kind: PolyantInstance
metadata: {name: acme}
spec: {database: {embedded: {}}}
"""


@pytest.fixture
def home(server: apiserver.ApiServer) -> str:
    return server.new_namespace("home")


@pytest.fixture
def replicas(
    server: apiserver.ApiServer, home: str, tmp_path: Path
) -> Iterator[list[operator_process.OperatorProcess]]:
    kubeconfig = kubeconfig_of(server, tmp_path, home)
    environ = {"POD_NAMESPACE": home}
    with operator_process.running(kubeconfig, tmp_path, "one", environ) as first:
        eventually(lambda: leads(first), "the first replica leads")
        with operator_process.running(kubeconfig, tmp_path, "two", environ) as second:
            yield [first, second]


def leads(replica: operator_process.OperatorProcess) -> bool:
    return replica.metric("polyant_operator_leader") == 1


def jobs(server: apiserver.ApiServer, namespace: str) -> str:
    return server.kubectl("get", "jobs", "-n", namespace, "-o", "name")


def test_one_replica_works_with_the_charts_rights_and_the_other_takes_over(
    server: apiserver.ApiServer, replicas: list[operator_process.OperatorProcess]
) -> None:
    first, second = replicas
    namespace = server.new_namespace()
    server.kubectl("apply", "-n", namespace, "-f", "-", stdin=INSTANCE)
    eventually(lambda: jobs(server, namespace), "a migration Job")
    eventually(lambda: second.get("/readyz")[0] == 200, "the standby is ready")
    assert not leads(second)
    assert 'resource="polyantinstances"' not in second.get("/metrics")[1], (
        "a standby watches nothing"
    )
    assert first.get("/livez") == (200, "ok\n")
    age = first.metric("polyant_watch_canary_age_seconds")
    assert age is not None
    assert age < 10

    assert first.stop() == 0
    eventually(lambda: leads(second), "the standby leads", seconds=6)
    other = server.new_namespace()
    server.kubectl("apply", "-n", other, "-f", "-", stdin=INSTANCE)
    eventually(lambda: jobs(server, other), "a migration Job of the second leader")
    said = server.kubectl(
        "get", "pinst", "acme", "-n", other, "-o", "jsonpath={.status.conditions}"
    )
    assert '"reason":"DatabaseStarting"' in said
    assert [line for line in first.lines() if line["level"] == "error"] == []
    assert [line for line in second.lines() if "Forbidden" in line["message"]] == []


def test_a_killed_leader_is_replaced_when_its_lease_has_expired(
    replicas: list[operator_process.OperatorProcess],
) -> None:
    first, second = replicas
    eventually(lambda: second.get("/readyz")[0] == 200, "the standby is ready")

    first.stop(by=signal.SIGKILL)

    eventually(lambda: leads(second), "the standby leads", seconds=22)


def test_a_frozen_leader_ends_when_it_thaws_before_it_writes_anything(
    server: apiserver.ApiServer, home: str, tmp_path: Path
) -> None:
    times = {"LEASE_SECONDS": "5", "LEASE_RENEW_SECONDS": "3", "LEASE_RETRY_SECONDS": "1"}
    environ = {"POD_NAMESPACE": home, **times}
    with (
        operator_process.running(server.kubeconfig, tmp_path, "one", environ) as first,
        operator_process.running(server.kubeconfig, tmp_path, "two", environ) as second,
    ):
        eventually(lambda: leads(first) or leads(second), "one leads")
        leader, standby = (first, second) if leads(first) else (second, first)
        leader.process.send_signal(signal.SIGSTOP)
        eventually(lambda: leads(standby), "the standby leads", seconds=15)

        leader.process.send_signal(signal.SIGCONT)

        assert leader.process.wait(timeout=5) != 0
        assert leads(standby)
    assert "Timeout (0:00:0" in leader.log.read_text(), "ended by the watchdog, from its C thread"


def test_a_deleted_child_of_a_watched_kind_is_made_again(
    server: apiserver.ApiServer, replicas: list[operator_process.OperatorProcess]
) -> None:
    namespace = server.new_namespace()
    server.kubectl("apply", "-n", namespace, "-f", "-", stdin=INSTANCE)
    find = ("get", "statefulset", "-n", namespace, "-o", "jsonpath={.items[*].metadata.uid}")
    eventually(lambda: server.kubectl(*find), "a StatefulSet")
    before = server.kubectl(*find)

    server.kubectl("delete", "statefulset", "acme-database", "-n", namespace, "--wait=false")

    eventually(lambda: server.kubectl(*find) not in ("", before), "a new StatefulSet", seconds=10)
    assert leads(replicas[0])


def test_rights_for_some_namespaces_suffice_for_these(
    server: apiserver.ApiServer, home: str, tmp_path: Path
) -> None:
    served, foreign = server.new_namespace(), server.new_namespace()
    arguments = (
        "--set-json",
        f'watchNamespaces=["{served}"]',
        "--set=fullnameOverride=narrow,serviceAccount.name=polyant-operator",
    )
    kubeconfig = kubeconfig_of(server, tmp_path, home, arguments)
    server.kubectl("delete", "clusterrolebinding", "polyant-operator", "--ignore-not-found")
    environ = {"POD_NAMESPACE": home, "WATCH_NAMESPACES": served}
    for namespace in (served, foreign):
        server.kubectl("apply", "-n", namespace, "-f", "-", stdin=INSTANCE)

    with operator_process.running(kubeconfig, tmp_path, "narrow", environ) as replica:
        eventually(lambda: jobs(server, served), "a migration Job")
        server.kubectl("delete", "statefulset", "acme-database", "-n", served, "--wait=false")
        find = ("get", "statefulset", "-n", served, "-o", "name")
        eventually(lambda: server.kubectl(*find), "the StatefulSet again")
        age = replica.metric("polyant_watch_canary_age_seconds")

    assert jobs(server, foreign) == ""
    assert age is not None
    assert age < 10


def test_a_wrong_environment_is_told_at_once(server: apiserver.ApiServer, tmp_path: Path) -> None:
    wrong = {"WORKERS": "none", "RESYNC_SECONDS": "1"}
    with operator_process.running(server.kubeconfig, tmp_path, "wrong", wrong) as replica:
        assert replica.process.wait(timeout=20) == 64

    assert "WORKERS='none'" in replica.log.read_text()
    assert "RESYNC_SECONDS='1'" in replica.log.read_text()


def test_a_missing_crd_ends_the_process_with_the_cure(tmp_path: Path) -> None:
    with (
        apiserver.running(tmp_path / "bare") as bare,
        operator_process.running(bare.kubeconfig, tmp_path, "early") as replica,
    ):
        assert replica.process.wait(timeout=20) == 1

    said = replica.lines()[-1]["message"]
    assert "polyantinstances.polyant.ai is not installed" in said
    assert "kubectl apply" in said
