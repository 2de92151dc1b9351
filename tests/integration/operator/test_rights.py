"""The chart's rights: enough for a whole life of an instance, and not one verb more."""

import pytest
import yaml

from polyant_operator.kube.kinds import (
    CERTIFICATE,
    HTTP_ROUTE,
    INGRESS,
    INGRESS_CLASS,
    JOB,
    NETWORK_POLICY,
    POD_MONITOR,
    SECRET,
    SERVICE,
    STATEFUL_SET,
)
from support import apiserver, helm, operator_world, optional_apis
from support.operator_process import eventually
from support.operator_world import EMBEDDED, World

pytestmark = pytest.mark.integration

EDGE = {"edge": {"type": "Ingress", "host": "chat.test", "className": "any"}}
# Rights no request of a pass shows: watches are kopf's; the rest is held to be passed on to the
# engine, or asked for by admission (blockOwnerDeletion) and by the start of the process (CRD).
UNSEEN = {
    ("get", "customresourcedefinitions"),
    ("update", "polyantinstances/finalizers"),
    ("update", "leases"),
    ("list", "secrets"),
    ("get", "jobs"),  # only when a Job turns out to exist already
}


async def whole_life(world: World) -> None:
    """Up, scaled by hand and by load, with and without an edge, another database, other policies."""
    await world.config_map("authorities", **{"ca.crt": "-----BEGIN CERTIFICATE-----"})
    await world.bring_up({**EMBEDDED, **EDGE, "caBundleRef": {"configMap": "authorities"}})
    await world.claim()
    await world.change({"engine": {"autoscaling": {"maxReplicas": 3}}})
    await world.run()
    await world.change({"engine": {"autoscaling": None}})
    await world.run()
    await world.change({"engine": {"replicas": 2}, "deletionPolicy": "Delete", "edge": None})
    await world.run()
    await edges(world)
    await policies(world)
    await world.change({"deletionPolicy": "Retain"})
    await world.run()
    await world.secret("db", uri="postgresql://u:p@h/d")
    await world.change({"database": {"embedded": None, "urlSecretRef": {"name": "db"}}})
    await world.run()
    await world.end_job_well()
    await world.run()
    await world.rolled_out()
    await world.run()


async def edges(world: World) -> None:
    """A certificate of cert-manager's, a route instead of the Ingress, and none of them."""
    await world.change({"edge": {**EDGE["edge"], "tls": {"issuerRef": {"name": "ca"}}}})
    await world.run()
    await world.set_status(CERTIFICATE, "acme", optional_apis.issued())
    parents = {"className": None, "tls": None, "parentRefs": [{"name": "public"}]}
    await world.change({"edge": {"type": "HTTPRoute", **parents}})
    await world.run()
    assert await world.names(INGRESS) == await world.names(HTTP_ROUTE) == ["acme"]
    await world.set_status(HTTP_ROUTE, "acme", optional_apis.accepted())
    await world.run()
    assert await world.names(INGRESS) == await world.names(CERTIFICATE) == []
    await world.change({"edge": None})
    await world.run()
    assert await world.names(HTTP_ROUTE) == []


async def policies(world: World) -> None:
    """Restricted and scraped, then neither."""
    restricted = {"egress": "Restricted"}
    await world.change({"networkPolicy": restricted, "monitoring": {"podMonitor": {}}})
    await world.run()
    assert await world.names(POD_MONITOR) == ["acme"]
    await world.change({"networkPolicy": {"egress": None, "enabled": False}, "monitoring": None})
    await world.run()
    assert await world.names(NETWORK_POLICY) == await world.names(POD_MONITOR) == []


def rules(server: apiserver.ApiServer, home: str) -> set[tuple[str, str]]:
    """Give the operator's ServiceAccount the chart's rights; returns verbs and resources."""
    objects = helm.template(namespace=home)
    rights = helm.of_kind(objects, "ServiceAccount", "ClusterRole", "ClusterRoleBinding")
    server.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(rights))
    (role,) = [
        each
        for each in rights
        if each["metadata"]["name"] == "polyant-operator" and "rules" in each
    ]
    return {
        (verb, resource)
        for rule in role["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


async def test_the_charts_rights_are_enough_and_none_is_left_over(
    server: apiserver.ApiServer,
) -> None:
    home = server.new_namespace("home")
    granted = rules(server, home)
    user = f"system:serviceaccount:{home}:polyant-operator"
    may = ("auth", "can-i", "create", "jobs", "--as", user)
    eventually(lambda: server.try_kubectl(*may).returncode == 0, "the rights hold")

    with optional_apis.installed(server, *optional_apis.ALL):
        await _live_with(server, user, granted)


async def _live_with(server: apiserver.ApiServer, user: str, granted: set[tuple[str, str]]) -> None:
    async with operator_world.world(server, impersonate=user) as world:
        await world.admin.create(
            {
                "apiVersion": INGRESS_CLASS.api_version,
                "kind": INGRESS_CLASS.kind,
                "metadata": {"name": "any"},
                "spec": {"controller": "test/any"},
            }
        )
        await whole_life(world)
        await world.admin.delete(INGRESS_CLASS, None, "any")

        assert (await world.conditions())["Ready"] == ("True", "Ready")
        assert await world.names(INGRESS) == await world.names(STATEFUL_SET) == []
        assert len(await world.names(JOB)) == 1
        assert len(await world.names(SECRET)) == 5
        assert await world.names(SERVICE) == ["acme-engine", "acme-web"]
        unused = {right for right in granted if right[0] != "watch"} - world.client.used - UNSEEN

    assert unused == set()
