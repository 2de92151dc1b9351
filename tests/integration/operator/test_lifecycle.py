"""What happens to an instance in the course of its life: drift, pauses, lost and foreign objects."""

import base64
from datetime import timedelta

import pytest

from polyant_operator.api import keys
from polyant_operator.kube.kinds import (
    CHILDREN,
    DEPLOYMENT,
    EVENT,
    INGRESS,
    INGRESS_CLASS,
    INSTANCE,
    JOB,
    OPTIONAL,
    SECRET,
    SERVICE,
    STATEFUL_SET,
)
from support import apiserver, kstatus
from support.operator_process import eventually
from support.operator_world import EMBEDDED, World

pytestmark = pytest.mark.integration

EXTERNAL = {"database": {"urlSecretRef": {"name": "db"}}}
URL = "postgresql://u:p@host:5432/d"
INGRESS_EDGE = {"edge": {"type": "Ingress", "host": "chat.test", "className": "contour"}}

POLICY = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: {namespace}}}
spec:
  matchConstraints:
    resourceRules:
      - {{apiGroups: [apps], apiVersions: [v1], operations: [UPDATE], resources: [deployments]}}
  validations:
    - {{expression: "object.metadata.name != 'acme-web'", message: panels are frozen this week}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: {namespace}}}
spec:
  policyName: {namespace}
  validationActions: [Deny]
  matchResources:
    namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}
"""


async def state(world: World) -> str:
    instance = await world.get(INSTANCE, "acme")
    assert kstatus.contradiction(instance) is None
    return kstatus.compute(instance)


async def test_a_foreign_change_is_put_back_and_foreign_extras_stay(world: World) -> None:
    await world.bring_up()
    foreign = {
        "metadata": {"annotations": {"somebody": "else"}},
        "spec": {"strategy": {"rollingUpdate": {"maxSurge": 3}}},
    }
    await world.admin.merge(DEPLOYMENT, world.namespace, "acme-web", foreign)
    await world.admin.delete(SERVICE, world.namespace, "acme-web")

    await world.run()

    live = await world.get(DEPLOYMENT, "acme-web")
    assert live["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == 1
    assert live["metadata"]["annotations"]["somebody"] == "else"
    assert await world.names(SERVICE) == ["acme-database", "acme-engine", "acme-web"]


async def test_foreign_replicas_are_put_back_through_the_scale_alone(world: World) -> None:
    await world.bring_up()
    patch = {"spec": {"replicas": 5}}
    await world.admin.merge(DEPLOYMENT, world.namespace, "acme-engine", patch)
    world.client.writes.clear()

    await world.run()

    live = await world.get(DEPLOYMENT, "acme-engine")
    assert live["spec"]["replicas"] == 1
    assert [write for write in world.client.writes if "deployments" in write] == [
        f"PATCH /apis/apps/v1/namespaces/{world.namespace}/deployments/acme-engine/scale"
    ]


async def test_kubectl_scale_reaches_the_deployment(world: World) -> None:
    await world.bring_up()
    await world.admin.scale(INSTANCE, world.namespace, "acme", 2)

    await world.run()
    await world.rolled_out()
    await world.run()

    assert (await world.get(DEPLOYMENT, "acme-engine"))["spec"]["replicas"] == 2
    assert (await world.status())["summary"]["engine"] == "2/2"


@pytest.mark.parametrize("kind", [SERVICE, SECRET])
async def test_a_name_that_somebody_else_has_stops_everything(world: World, kind: object) -> None:
    name = "acme-engine" if kind is SERVICE else "acme-auth-secrets"
    foreign = {
        "apiVersion": "v1",
        "kind": "Service" if kind is SERVICE else "Secret",
        "metadata": {"name": name, "namespace": world.namespace},
    }
    await world.admin.create(
        foreign | ({"spec": {"ports": [{"port": 80}]}} if kind is SERVICE else {})
    )
    await world.create()

    await world.run()

    status = f"/apis/polyant.ai/v1alpha1/namespaces/{world.namespace}/polyantinstances/acme/status"
    assert world.client.writes == [f"PATCH {status}"]
    assert (await world.conditions())["Stalled"] == ("True", "NameConflict")
    assert name in await world.message("Stalled")

    await world.admin.delete(SERVICE if kind is SERVICE else SECRET, world.namespace, name)
    await world.run()
    assert await state(world) == kstatus.IN_PROGRESS
    assert len(await world.jobs()) == 1


async def test_a_missing_secret_is_waited_for_and_then_told(world: World) -> None:
    await world.create(EXTERNAL)

    assert await world.run() == 5
    assert (await world.conditions())["SecretsReady"] == ("False", "SecretMissing")
    assert await state(world) == kstatus.IN_PROGRESS
    world.pass_time(121)
    assert await world.run() == 60
    assert await state(world) == kstatus.FAILED
    said = [
        (event["type"], event["reason"]) async for event in world.admin.walk(EVENT, world.namespace)
    ]
    assert said.count(("Normal", "SecretMissing")) == 1
    assert said.count(("Warning", "SecretMissing")) == 1, "that a person is needed is news"
    assert "spec.database.urlSecretRef names Secret db, key uri" in await world.message("Ready")
    assert await world.names(JOB) == []

    await world.secret("db", wrong="x")
    await world.run()
    assert "no such key" in await world.message("Ready")
    await world.admin.merge(SECRET, world.namespace, "db", {"stringData": {"uri": "mysql://x"}})
    await world.run()
    assert (await world.conditions())["Stalled"] == ("True", "SecretInvalid")
    assert "mysql" not in str(await world.status())
    await world.admin.merge(SECRET, world.namespace, "db", {"stringData": {"uri": URL}})
    await world.run()
    assert len(await world.jobs()) == 1
    assert await state(world) == kstatus.IN_PROGRESS


async def test_a_clock_that_jumps_stalls_nothing_that_is_only_just_missing(world: World) -> None:
    await world.create(EXTERNAL)
    await world.run()

    world.now += timedelta(hours=1)
    world.tools.waits._monotonic = lambda: world.now.timestamp() - 3600
    await world.run()
    assert await state(world) == kstatus.IN_PROGRESS

    world.pass_time(121)
    await world.run()
    assert await state(world) == kstatus.FAILED


async def test_a_secret_that_vanishes_rolls_no_pod(world: World) -> None:
    await world.secret("db", uri=URL)
    await world.bring_up(EXTERNAL)
    await world.run()
    before = await world.get(DEPLOYMENT, "acme-engine")

    await world.admin.delete(SECRET, world.namespace, "db")
    await world.run()

    after = await world.get(DEPLOYMENT, "acme-engine")
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert (await world.conditions())["SecretsReady"] == ("False", "SecretMissing")
    assert (await world.conditions())["EngineAvailable"] == ("True", "Available")
    assert len(await world.jobs()) == 1

    await world.secret("db", uri=URL)
    await world.run()
    assert await state(world) == kstatus.CURRENT


async def test_a_lost_key_is_never_replaced(world: World) -> None:
    await world.bring_up()
    kept = await world.get(SECRET, "acme-encryption-key")
    await world.admin.delete(SECRET, world.namespace, "acme-encryption-key")

    await world.run()

    assert "acme-encryption-key" not in await world.names(SECRET)
    assert (await world.conditions())["Stalled"] == ("True", "EncryptionKeyLost")
    assert (await world.status())["encryption"]["keyId"] in await world.message("Stalled")

    restored = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "acme-encryption-key",
            "namespace": world.namespace,
            "labels": {"polyant.ai/instance": "acme"},
        },
        "data": kept["data"],
    }
    await world.admin.create(restored)
    await world.run()
    assert await state(world) == kstatus.CURRENT


async def test_a_lost_password_of_a_database_with_data_is_never_replaced(world: World) -> None:
    await world.bring_up()
    kept = await world.get(SECRET, "acme-database")
    await world.admin.delete(SECRET, world.namespace, "acme-database")

    await world.run()

    assert "acme-database" not in await world.names(SECRET)
    assert (await world.conditions())["SecretsReady"] == ("False", "SecretMissing")
    assert "Secret acme-database, key uri" in await world.message("SecretsReady")
    assert "Restore the Secret with label" in await world.message("SecretsReady")
    assert (await world.conditions())["EngineAvailable"] == ("True", "Available")

    names = ("name", "namespace", "labels", "annotations")
    metadata = {name: kept["metadata"][name] for name in names}
    await world.admin.create({**kept, "metadata": metadata})
    await world.run()
    assert await state(world) == kstatus.CURRENT
    assert len(await world.jobs()) == 1


async def test_deletion_policy_is_expressed_ahead_of_time(world: World) -> None:
    await world.bring_up()
    assert [name for name in await world.names(SECRET) if await owned(world, name)] == []

    await world.change({"deletionPolicy": "Delete"})
    await world.run()
    assert [name for name in await world.names(SECRET) if await owned(world, name)] == [
        "acme-admin",
        "acme-auth-secrets",
        "acme-database",
    ]
    claim = (await world.get(STATEFUL_SET, "acme-database"))["spec"]
    assert claim["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Delete"

    uid = (await world.get(INSTANCE, "acme"))["metadata"]["uid"]
    await world.annotate({"polyant.ai/confirm-data-loss": "not the uid"})
    await world.run()
    assert not await owned(world, "acme-encryption-key")
    await world.annotate({"polyant.ai/confirm-data-loss": uid})
    await world.run()
    assert await owned(world, "acme-encryption-key")

    await world.change({"deletionPolicy": "Retain"})
    await world.run()
    assert [name for name in await world.names(SECRET) if await owned(world, name)] == []
    assert len(await world.names(SECRET)) == 4


async def test_a_paused_instance_gets_nothing_but_its_status(world: World) -> None:
    await world.bring_up()
    await world.change({"paused": True})
    world.client.writes.clear()

    await world.run()
    assert await state(world) == kstatus.CURRENT
    assert (await world.conditions())["Paused"] == ("True", "Paused")
    assert len(world.client.writes) == 1

    await world.change({"engine": {"tunables": {"messageMaxRestarts": 1}}})
    await world.run()
    assert (await world.conditions())["Ready"] == ("Unknown", "ChangesPending")
    assert "Deployment acme-engine" in await world.message("Ready")
    assert await state(world) == kstatus.IN_PROGRESS
    assert all(write.endswith("/acme/status") for write in world.client.writes)

    await world.change({"paused": False})
    await world.run()
    await world.rolled_out()
    await world.run()
    assert await state(world) == kstatus.CURRENT
    assert "Paused" not in await world.conditions()


async def test_an_instance_paused_from_the_start_makes_nothing(world: World) -> None:
    await world.create({**EMBEDDED, "paused": True})

    await world.run()

    kinds = {*CHILDREN, SECRET} - {*OPTIONAL}
    assert [name for kind in kinds for name in await world.names(kind)] == []
    assert (await world.conditions())["Ready"] == ("Unknown", "ChangesPending")


async def test_an_edge_comes_and_goes_and_needs_its_class(world: World) -> None:
    await world.bring_up({**EMBEDDED, **INGRESS_EDGE})
    assert (await world.conditions())["EdgeReady"] == ("False", "ClassMissing")
    await world.admin.create(
        {
            "apiVersion": INGRESS_CLASS.api_version,
            "kind": INGRESS_CLASS.kind,
            "metadata": {"name": "contour"},
            "spec": {"controller": "projectcontour.io/contour"},
        }
    )
    await world.run()
    assert (await world.conditions())["EdgeReady"] == ("True", "AddressPending")
    assert await state(world) == kstatus.CURRENT
    assert (await world.status())["endpoints"]["web"] == "https://chat.test"

    await world.change({"edge": None})
    await world.run()
    assert await world.names(INGRESS) == []
    await world.admin.delete(INGRESS_CLASS, None, "contour")


async def test_an_embedded_database_is_left_only_behind_the_gate(world: World) -> None:
    await world.bring_up()
    await world.secret("db", uri=URL)
    await world.change({"database": {"embedded": None, "urlSecretRef": {"name": "db"}}})

    await world.run()
    assert await world.names(STATEFUL_SET) == ["acme-database"], "the old version still uses it"
    await world.end_job_well()
    await world.run()

    assert await world.names(STATEFUL_SET) == []
    assert "acme-database" in await world.names(SECRET)


async def test_a_key_of_ones_own_is_checked_and_used(world: World) -> None:
    key = "ab" * 32
    await world.secret("mine", ENCRYPTION_KEY=key)
    spec = {**EMBEDDED, "secrets": {"encryptionKeySecretRef": {"name": "mine"}}}
    await world.create(spec)

    await world.run()

    assert "acme-encryption-key" not in await world.names(SECRET)
    assert (await world.conditions())["SecretsReady"] == ("True", "SecretsPresent")
    assert keys.key_id(key) not in str(await world.get(INSTANCE, "acme"))
    assert base64.b64encode(key.encode()).decode() not in str(await world.jobs())


async def test_an_object_a_policy_refuses_is_told_with_the_words_of_the_policy(
    server: apiserver.ApiServer, world: World
) -> None:
    await world.bring_up()
    server.kubectl("apply", "-f", "-", stdin=POLICY.format(namespace=world.namespace))
    probe = ("annotate", "deployment/acme-web", "-n", world.namespace, "--dry-run=server", "a=b")
    eventually(lambda: server.try_kubectl(*probe).returncode, "the policy holds")
    await world.change({"web": {"env": [{"name": "A", "value": "b"}]}})

    await world.run()

    # Nobody need touch the instance when the policy goes, so it is no stall.
    assert (await world.conditions())["Ready"] == ("False", "Forbidden")
    assert await state(world) == kstatus.IN_PROGRESS
    assert "panels are frozen this week" in await world.message("Ready")
    assert (await world.conditions())["EngineAvailable"] == ("True", "Available")
    server.kubectl("delete", "validatingadmissionpolicybinding", world.namespace)
    eventually(lambda: not server.try_kubectl(*probe).returncode, "the policy is gone")
    await world.run()
    await world.rolled_out()
    await world.run()
    assert await state(world) == kstatus.CURRENT


async def test_every_turn_of_ready_is_said_once_as_an_event(world: World) -> None:
    await world.bring_up()
    for _ in range(3):
        await world.run()

    said = [event["reason"] async for event in world.admin.walk(EVENT, world.namespace)]
    assert said.count("Ready") == 1
    assert "DatabaseStarting" in said


async def owned(world: World, secret: str) -> bool:
    return "ownerReferences" in (await world.get(SECRET, secret))["metadata"]


async def test_an_instance_deleted_in_the_middle_of_a_pass_is_no_error(world: World) -> None:
    await world.create()
    await world.look()
    await world.admin.delete(INSTANCE, world.namespace, "acme")

    await world.run(fresh=False)

    assert await world.names(INSTANCE) == []
