"""A fleet made quickly: the objects of each instance as the operator would leave them, by POST.

An operator that finds them writes the status and the few objects that depend on the cluster; from
then on it has nothing to write.
"""

import base64
import secrets as random
from collections.abc import Mapping
from dataclasses import replace

from bench.operator.cluster import create
from bench.operator.controllers import LED, REPORT, end_job, set_status
from polyant_operator import settings
from polyant_operator.api import keys, labels
from polyant_operator.api.instance import PolyantInstance, parse
from polyant_operator.api.labels import Component
from polyant_operator.desired import digests, secrets, tree
from polyant_operator.desired.context import Context, Manifest
from polyant_operator.kube.apply import fingerprint
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import (
    DEPLOYMENT,
    INSTANCE,
    JOB,
    LEASE,
    OPTIONAL,
    SECRET,
    STATEFUL_SET,
    Object,
    kind_of,
)
from polyant_operator.reconcile import options

OPTIONS = options.of(settings.load({}))
_COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
_PARTS = (Component.ENGINE, Component.WEB, Component.DATABASE)


async def seed(client: Client, body: Object) -> None:
    """Create an instance with everything it owns."""
    made = await create(client, INSTANCE, body)
    instance = parse(made)
    values, key_id = await _secrets(client, instance)
    context = _context(instance, values)
    for manifest in (*tree.always(instance, context), *tree.workloads(instance, context)):
        await _child(client, manifest)
    job = await create(client, JOB, tree.migration_job(instance, context))
    await end_job(client, job, REPORT % key_id)


async def seed_little(client: Client, body: Object) -> None:
    """Create an instance with its engine's Deployment only, for fleets that others serve."""
    instance = parse(await create(client, INSTANCE, body))
    context = Context(options=OPTIONS)
    for manifest in tree.workloads(instance, context):
        if manifest["kind"] == DEPLOYMENT.kind and manifest["metadata"]["name"].endswith("engine"):
            await _child(client, manifest)


async def _secrets(
    client: Client, instance: PolyantInstance
) -> tuple[Mapping[str, Mapping[str, bytes]], str]:
    values, key_id = {}, ""
    for secret in secrets.wanted(instance):
        manifest = secrets.creation(instance, secret, random.token_bytes(secrets.RANDOM_BYTES))
        data = {key: base64.b64decode(value) for key, value in manifest["data"].items()}
        values[secret.name] = data
        if secret.encrypts:
            key_id = keys.key_id(data["ENCRYPTION_KEY"].decode())
        kept = secrets.metadata(
            instance,
            secret,
            key_id=key_id if secret.encrypts else None,
            confirmed_for="11111111-2222-3333-4444-555555555555" if secret.encrypts else None,
        )
        metadata = _stamped(kept)["metadata"]
        await create(client, SECRET, manifest | {"metadata": metadata})
    return values, key_id


def _context(instance: PolyantInstance, values: Mapping[str, Mapping[str, bytes]]) -> Context:
    key = values[instance.names.auth_secrets]["DIGEST_KEY"]
    context = Context(
        options=OPTIONS,
        secret_digests={part: digests.component(instance, part, values, key) for part in _PARTS},
        absent_kinds=frozenset(kind.kind for kind in OPTIONAL),
    )
    return replace(context, migration_hash=digests.migration(instance, OPTIONS, values, key))


def _stamped(manifest: Manifest) -> Manifest:
    metadata = manifest["metadata"]
    annotations = (metadata.get("annotations") or {}) | {labels.APPLIED: fingerprint(manifest)}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


def _led(lease: Manifest) -> Manifest:
    metadata = lease["metadata"]
    annotations = metadata["annotations"] | LED["metadata"]["annotations"]
    return {**lease, "metadata": {**metadata, "annotations": annotations}, "spec": LED["spec"]}


async def _child(client: Client, manifest: Manifest) -> None:
    kind = kind_of(manifest)
    stamped = _stamped(manifest)
    if kind == DEPLOYMENT:
        stamped = stamped | {"spec": {**stamped["spec"], "replicas": 2}}
    if kind == LEASE:
        stamped = _led(stamped)
    made = await create(client, kind, stamped)
    if kind == DEPLOYMENT:
        counts = dict.fromkeys(_COUNTS, 2) | {"observedGeneration": 1}
        await set_status(client, kind, made["metadata"], counts)
    elif kind == STATEFUL_SET:
        counts = dict.fromkeys(("replicas", "readyReplicas", "availableReplicas"), 1)
        await set_status(client, kind, made["metadata"], counts)
