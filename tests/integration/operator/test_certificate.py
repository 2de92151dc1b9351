"""cert-manager's certificate: asked for, waited for, and let go."""

from collections.abc import Iterator

import pytest

from polyant_operator.kube.kinds import CERTIFICATE, INGRESS, INGRESS_CLASS
from support import apiserver, optional_apis
from support.operator_world import EMBEDDED, World

pytestmark = pytest.mark.integration

EDGE = {
    "type": "Ingress",
    "host": "chat.test",
    "className": "certified",
    "tls": {"issuerRef": {"name": "letsencrypt", "kind": "ClusterIssuer"}},
}
CLASS = {
    "apiVersion": INGRESS_CLASS.api_version,
    "kind": INGRESS_CLASS.kind,
    "metadata": {"name": "certified"},
    "spec": {"controller": "k8s.io/ingress-nginx"},
}


@pytest.fixture
def apis(server: apiserver.ApiServer) -> Iterator[None]:
    with optional_apis.installed(server, CERTIFICATE):
        yield


@pytest.mark.usefixtures("apis")
async def test_the_edge_is_ready_when_the_certificate_is(world: World) -> None:
    await world.admin.create(CLASS)
    await world.bring_up({**EMBEDDED, "edge": EDGE})
    assert (await world.conditions())["EdgeReady"] == ("False", "CertificatePending")
    assert (await world.conditions())["Ready"] == ("False", "CertificatePending")

    failed = {"type": "Issuing", "status": "False", "reason": "Failed", "message": "NXDOMAIN"}
    await world.set_status(CERTIFICATE, "acme", {"conditions": [failed]})
    await world.run()
    assert await world.message("EdgeReady") == (
        "ClusterIssuer letsencrypt did not issue Certificate acme: NXDOMAIN"
    )

    await world.set_status(CERTIFICATE, "acme", optional_apis.issued())
    await world.run()
    assert (await world.conditions())["EdgeReady"] == ("True", "AddressPending")
    # The class is called something else; the controller is known all the same.
    ingress = await world.get(INGRESS, "acme")
    told = ingress["metadata"]["annotations"]
    assert told["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"

    world.restart()
    await world.run()
    assert world.client.writes == []

    await world.change({"edge": {"tls": {"issuerRef": None, "secretName": "mine"}}})
    await world.run()
    assert await world.names(CERTIFICATE) == []
    await world.admin.delete(INGRESS_CLASS, None, "certified")


async def test_without_cert_manager_its_absence_is_told_and_the_ingress_is_there(
    world: World,
) -> None:
    await world.admin.create({**CLASS, "metadata": {"name": "uncertified"}})
    await world.bring_up({**EMBEDDED, "edge": {**EDGE, "className": "uncertified"}})

    assert (await world.conditions())["EdgeReady"] == ("False", "EdgeApiMissing")
    assert await world.names(INGRESS) == ["acme"]
    await world.admin.delete(INGRESS_CLASS, None, "uncertified")
