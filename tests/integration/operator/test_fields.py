"""Fields of the resource that change pods, on a real API server: authorities, scaling, databases, containers."""

from typing import Any

import pytest

from polyant_operator.kube.kinds import (
    AUTOSCALER,
    CONFIG_MAP,
    DEPLOYMENT,
    INSTANCE,
    JOB,
    SECRET,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
    Kind,
)
from support import apiserver, kstatus
from support.operator_world import EMBEDDED, World

pytestmark = pytest.mark.integration

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
AUTHORITIES = {**EMBEDDED, "caBundleRef": {"configMap": "authorities"}}
SCALED = {"engine": {"autoscaling": {"minReplicas": 2, "maxReplicas": 6}}}
CONTAINER = {
    "name": "vault-agent",
    "image": "registry.test/agent:1",
    "resources": {"requests": {"cpu": 1, "memory": "32Mi"}},
    "env": [{"name": "A", "value": "b"}],
    "volumeMounts": [{"name": "shared", "mountPath": "/shared"}],
}
EVERYTHING: dict[str, Any] = {
    **AUTHORITIES,
    **SCALED,
    "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/acme"}},
    "egressProxy": {"httpsProxy": "http://proxy.example.com:3128", "noProxy": [".example.com"]},
    "podDefaults": {
        "extraVolumes": [{"name": "shared", "emptyDir": {"sizeLimit": "1Mi"}}],
        "sidecars": [CONTAINER],
        "initContainers": [
            {
                "name": "prepare",
                "image": "registry.test/prepare:1",
                "securityContext": {"capabilities": {"add": ["NET_BIND_SERVICE"]}},
            }
        ],
    },
    "attachments": {"bucket": "acme-files", "region": "eu-central-1"},
}


async def template(world: World, name: str = "acme-engine") -> dict[str, Any]:
    return dict((await world.get(DEPLOYMENT, name))["spec"]["template"])


async def state(world: World) -> str:
    instance = await world.get(INSTANCE, "acme")
    assert kstatus.contradiction(instance) is None
    return kstatus.compute(instance)


async def test_missing_authorities_are_told_as_a_missing_secret_is(world: World) -> None:
    await world.create(AUTHORITIES)

    assert await world.run() == 5

    assert (await world.conditions())["SecretsReady"] == ("False", "SecretMissing")
    said = "spec.caBundleRef names ConfigMap authorities, key ca.crt: there is no such ConfigMap."
    assert said in await world.message("SecretsReady")
    await world.config_map("authorities", **{"ca.crt": "not a certificate"})
    await world.run()
    assert (await world.conditions())["Stalled"] == ("True", "SecretInvalid")
    assert "certificates in PEM form" in await world.message("Stalled")
    right = {"data": {"ca.crt": CERTIFICATE}}
    await world.admin.merge(CONFIG_MAP, world.namespace, "authorities", right)
    await world.run()
    assert (await world.conditions())["SecretsReady"] == ("True", "SecretsPresent")


async def test_pods_roll_when_authorities_change_and_not_when_they_vanish(world: World) -> None:
    await world.config_map("authorities", **{"ca.crt": CERTIFICATE})
    await world.bring_up(AUTHORITIES)
    first = [await template(world, name) for name in ("acme-engine", "acme-web")]

    changed = {"data": {"ca.crt": f"{CERTIFICATE}{CERTIFICATE}"}}
    await world.admin.merge(CONFIG_MAP, world.namespace, "authorities", changed)
    await world.run()
    await world.rolled_out()
    await world.run()
    second = [await template(world, name) for name in ("acme-engine", "acme-web")]
    digests = [each["metadata"]["annotations"]["polyant.ai/ca-digest"] for each in first + second]
    assert digests[0] == digests[1] != digests[2] == digests[3]
    assert len(await world.jobs()) == 1, "the database has nothing to do with it"

    await world.admin.delete(CONFIG_MAP, world.namespace, "authorities")
    await world.run()
    assert [await template(world, name) for name in ("acme-engine", "acme-web")] == second
    assert (await world.conditions())["EngineAvailable"] == ("True", "Available")


async def test_an_autoscaler_takes_the_replicas_over_and_gives_them_back(world: World) -> None:
    await world.bring_up({**EMBEDDED, "engine": {"replicas": 3}})

    await world.change(SCALED)
    await world.run()
    found = (await world.get(AUTOSCALER, "acme-engine"))["spec"]
    assert (found["minReplicas"], found["maxReplicas"]) == (2, 6)
    assert (await world.get(DEPLOYMENT, "acme-engine"))["spec"]["replicas"] == 3, "no dip"

    # The autoscaler's own decision stays, at rest and after a restart.
    await world.admin.scale(DEPLOYMENT, world.namespace, "acme-engine", 5)
    await world.rolled_out()
    world.restart()
    await world.run()
    assert not [write for write in world.client.writes if "/scale" in write]
    assert await state(world) == kstatus.CURRENT
    assert (await world.status())["summary"]["engine"] == "5/5"

    await world.change({"engine": {"autoscaling": None, "externalScaling": True}})
    await world.run()
    assert await world.names(AUTOSCALER) == []
    assert (await world.get(DEPLOYMENT, "acme-engine"))["spec"]["replicas"] == 5

    await world.change({"engine": {"externalScaling": None, "replicas": 1}})
    await world.run()
    assert (await world.get(DEPLOYMENT, "acme-engine"))["spec"]["replicas"] == 1


async def test_an_autoscaler_finds_an_engine_that_runs(world: World) -> None:
    """It would leave a Deployment of 0 replicas alone for ever."""
    await world.bring_up({**EMBEDDED, "engine": {"replicas": 0}})

    await world.change(SCALED)
    await world.run()
    assert (await world.get(DEPLOYMENT, "acme-engine"))["spec"]["replicas"] == 2

    # From then on 0 means that somebody switched it off.
    await world.admin.scale(DEPLOYMENT, world.namespace, "acme-engine", 0)
    await world.run()
    assert (await world.get(DEPLOYMENT, "acme-engine"))["spec"]["replicas"] == 0


async def test_a_cluster_of_cloudnativepg_is_used_by_the_secret_it_writes(world: World) -> None:
    await world.create({"database": {"cnpgClusterRef": {"name": "acme-pg"}}})
    await world.run()
    message = await world.message("SecretsReady")
    assert "Secret acme-pg-app, key uri: there is no such Secret" in message
    assert "kubectl describe cluster.postgresql.cnpg.io acme-pg" in message

    await world.secret("acme-pg-app", uri="postgresql://app:p@acme-pg-rw.ns:5432/app")
    await world.run()
    (job,) = await world.jobs()
    (container,) = job["spec"]["template"]["spec"]["containers"]
    url = next(each for each in container["env"] if each["name"] == "DATABASE_URL")
    assert url["valueFrom"]["secretKeyRef"] == {"name": "acme-pg-app", "key": "uri"}
    assert await world.names(STATEFUL_SET) == []
    assert "acme-database" not in await world.names(SECRET)


async def test_every_pod_with_every_field_passes_pod_security_restricted(
    server: apiserver.ApiServer, world: World
) -> None:
    """The API server itself judges: it enforces the level on pods, in this namespace."""
    await world.config_map("authorities", **{"ca.crt": CERTIFICATE})
    await world.bring_up(EVERYTHING)
    enforce = "pod-security.kubernetes.io/enforce=restricted"
    server.kubectl("label", "namespace", world.namespace, enforce)

    pods = {
        name: (await world.get(kind, name))["spec"]["template"]
        for kind, name in await workloads(world)
    }
    assert len(pods) == 4
    for name, pod in pods.items():
        await passes(world, name, pod)
    started = pods["acme-engine"]["spec"]["initContainers"]
    assert [(each["name"], each.get("restartPolicy")) for each in started] == [
        ("vault-agent", "Always"),
        ("prepare", None),
    ]
    assert started[1]["securityContext"]["capabilities"] == {
        "add": ["NET_BIND_SERVICE"],
        "drop": ["ALL"],
    }
    account = await world.get(SERVICE_ACCOUNT, "acme-engine")
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
    world.client.writes.clear()
    await world.run()
    assert world.client.writes == []


async def workloads(world: World) -> list[tuple[Kind, str]]:
    (job,) = await world.names(JOB)
    named = [(DEPLOYMENT, "acme-engine"), (DEPLOYMENT, "acme-web")]
    return [*named, (STATEFUL_SET, "acme-database"), (JOB, job)]


async def passes(world: World, name: str, template: dict[str, Any]) -> None:
    """Make a pod of a template, as its controller would; a refusal raises."""
    spec = dict(template["spec"])
    spec["volumes"] = [*spec.get("volumes", []), *_claimed(spec)]
    spec.pop("serviceAccountName", None)  # nobody makes the default one here
    labels = template["metadata"].get("labels")
    metadata = {"name": f"try-{name}", "namespace": world.namespace, "labels": labels}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    made = await world.admin.create(pod)
    await world.admin.delete(Kind("v1", "Pod", "pods"), world.namespace, made["metadata"]["name"])


def _claimed(spec: dict[str, Any]) -> list[dict[str, Any]]:
    known = {volume["name"] for volume in spec.get("volumes", ())}
    mounted = {
        mount["name"] for each in spec["containers"] for mount in each.get("volumeMounts", ())
    }
    return [
        {"name": name, "persistentVolumeClaim": {"claimName": name}} for name in mounted - known
    ]
