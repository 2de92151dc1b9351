"""Rights that are taken from a running operator: what is missing is told once, and nothing needs a restart."""

import logging
import time
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from polyant_operator.kube.kinds import EVENT, INSTANCE, Object
from polyant_operator.reconcile.judging import REFUSED_SECONDS
from support import apiserver, faulty_api, helm, kstatus, operator_process, operator_world
from support.chart_rights import kubeconfig_of
from support.faulty_api import FaultyApi
from support.operator_process import OperatorProcess, eventually
from support.operator_world import World

pytestmark = pytest.mark.integration

ACCOUNT = "polyant-operator"
ROLE = "lost-rights"
ACME = """
apiVersion: polyant.ai/v1alpha1
kind: PolyantInstance
metadata: {name: acme}
spec: {database: {embedded: {}}}
"""


# Fifteen seconds in a cluster.
SOONER = "from polyant_operator.handlers import resync; resync.RETRY_SECONDS = 2.0"


class Rights:
    """The chart's rights as a ClusterRole that the test takes apart."""

    def __init__(self, server: apiserver.ApiServer, home: str, name: str) -> None:
        self._server = server
        self._name = name
        self.user = f"system:serviceaccount:{home}:{ACCOUNT}"
        subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": home}
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
        binding = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": reference,
            "subjects": [subject],
        }
        self._apply(binding)
        self.give_back()

    def take(self, *lost: tuple[str, str]) -> None:
        """Leave all but these verbs on these resources."""
        rules = chart_rules()
        for verb, resource in lost:
            rules = [each for rule in rules for each in without(rule, verb, resource)]
        self._write(rules)
        for verb, resource in lost or (("create", "jobs"),):
            self._until(verb, resource, held=not lost)

    def give_back(self, verb: str = "create", resource: str = "jobs") -> None:
        """Give everything back; the verb and resource tell when it holds."""
        self._write(chart_rules())
        self._until(verb, resource, held=True)

    def _until(self, verb: str, resource: str, *, held: bool) -> None:
        name, _, subresource = resource.partition("/")
        more = (f"--subresource={subresource}",) if subresource else ()
        ask = ("auth", "can-i", verb, name, *more, "--as", self.user, "-A")
        eventually(lambda: (not self._server.try_kubectl(*ask).returncode) is held, "the rights")

    def _write(self, rules: list[Object]) -> None:
        kind = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"}
        self._apply({**kind, "metadata": {"name": self._name}, "rules": rules})

    def _apply(self, manifest: Object) -> None:
        self._server.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(manifest))


@cache
def chart_rules() -> list[Object]:
    roles = helm.of_kind(helm.template(), "ClusterRole")
    return next(each["rules"] for each in roles if each["metadata"]["name"] == ACCOUNT)


def without(rule: Object, verb: str, resource: str) -> list[Object]:
    """A rule less one verb on one resource."""
    if resource not in rule["resources"] or verb not in rule["verbs"]:
        return [rule]
    others = [each for each in rule["resources"] if each != resource]
    verbs = [each for each in rule["verbs"] if each != verb]
    kept: list[Object] = [{**rule, "resources": others}] if others else []
    return kept + ([{**rule, "resources": [resource], "verbs": verbs}] if verbs else [])


@pytest.fixture(scope="module")
def rights(server: apiserver.ApiServer) -> Iterator[Rights]:
    yield Rights(server, server.new_namespace("home"), ROLE)
    server.kubectl("delete", "clusterrolebinding", ROLE)


@pytest.fixture
async def limited(server: apiserver.ApiServer, rights: Rights) -> AsyncIterator[World]:
    rights.give_back()
    async with operator_world.world(server, impersonate=rights.user) as made:
        yield made


async def said(world: World) -> list[tuple[str, str]]:
    return [
        (each["type"], each["reason"]) async for each in world.admin.walk(EVENT, world.namespace)
    ]


# In the order in which a pass needs them.
LOST = (
    ("get", "secrets"),
    ("create", "secrets"),
    ("patch", "services"),
    ("patch", "statefulsets"),
    ("create", "jobs"),
)


async def test_lost_rights_are_named_one_by_one_each_once_and_their_return_is_found(
    limited: World, rights: Rights
) -> None:
    rights.take(*LOST)
    await limited.create()

    for number, (verb, resource) in enumerate(LOST):
        assert await limited.run() == REFUSED_SECONDS
        assert (await limited.conditions())["Ready"] == ("False", "Forbidden")
        message = await limited.message("Ready")
        assert f'cannot {verb} resource "{resource}"' in message
        assert rights.user in message
        assert "Grant the right" in message
        limited.client.writes.clear()
        await limited.run()
        assert limited.client.writes == []
        assert kstatus.compute(await limited.get(INSTANCE, "acme")) == kstatus.IN_PROGRESS
        rights.take(*LOST[number + 1 :])

    await limited.run()
    assert (await limited.conditions())["Ready"] == ("False", "DatabaseStarting")
    assert (await said(limited)).count(("Warning", "Forbidden")) >= 1


async def test_a_status_that_may_not_be_written_is_told_by_an_event_and_the_log(
    limited: World, rights: Rights, caplog: pytest.LogCaptureFixture
) -> None:
    await limited.bring_up()
    rights.take(("patch", "polyantinstances/status"))
    await limited.change({"engine": {"replicas": 2}})

    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert await limited.run() == 10, "pods that aren't ready are looked at sooner still"

    (line,) = [
        each.message for each in caplog.records if "status cannot be written" in each.message
    ]
    assert "polyantinstances/status" in line
    assert "Give the right back" in line
    assert (await said(limited)).count(("Warning", "Forbidden")) == 1

    rights.give_back("patch", "polyantinstances/status")
    await limited.run()
    status = await limited.status()
    assert (
        status["observedGeneration"]
        == (await limited.get(INSTANCE, "acme"))["metadata"]["generation"]
    )


async def test_a_status_at_rest_that_may_not_be_written_is_tried_again_soon(
    limited: World, rights: Rights
) -> None:
    await limited.bring_up()
    await limited.change({"paused": True})
    rights.take(("patch", "polyantinstances/status"))

    assert await limited.run() == REFUSED_SECONDS
    rights.give_back("patch", "polyantinstances/status")


@pytest.fixture
def api(server: apiserver.ApiServer) -> Iterator[FaultyApi]:
    with faulty_api.running(server) as running:
        yield running


@pytest.fixture
def operator(
    server: apiserver.ApiServer, api: FaultyApi, rights: Rights, tmp_path: Path
) -> Iterator[OperatorProcess]:
    home = rights.user.split(":")[2]
    kubeconfig_of(server, tmp_path, home)
    server.kubectl("delete", "clusterrolebinding", ACCOUNT)
    token = server.kubectl("create", "token", ACCOUNT, "-n", home).strip()
    environ = {"POD_NAMESPACE": home, "RESYNC_SECONDS": "10"}
    kubeconfig = api.kubeconfig(tmp_path, token)
    with operator_process.running(kubeconfig, tmp_path, "one", environ, before=SOONER) as one:
        eventually(lambda: one.metric("polyant_operator_leader") == 1, "it leads", seconds=60)
        yield one


def test_instances_that_may_not_be_listed_are_told_once_and_served_again_later(
    server: apiserver.ApiServer, api: FaultyApi, rights: Rights, operator: OperatorProcess
) -> None:
    rights.take(("list", "polyantinstances"))
    api.drop_watches()
    eventually(lambda: refused(operator), "the refusal in the log", seconds=40)
    namespace = server.new_namespace()
    server.kubectl("apply", "-n", namespace, "-f", "-", stdin=ACME)
    time.sleep(5)
    told = [line for line in refused(operator) if "resync failed" in line["message"]]
    assert len(told) <= 1, told

    rights.give_back("list", "polyantinstances")
    find = ("get", "jobs", "-n", namespace, "-o", "name")
    eventually(lambda: server.kubectl(*find), "a migration Job", seconds=40)
    assert operator.process.poll() is None


def refused(operator: OperatorProcess) -> list[Any]:
    return [line for line in operator.lines() if "cannot list resource" in line["message"]]
