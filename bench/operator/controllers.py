"""What plays the controllers and kubelets: each Job succeeds, each workload becomes available.

Only the statuses are written that the operator reads; no engine or panel pods are made, because of
an instance at rest the operator reads none.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import aiohttp

from polyant_operator.kube import errors
from polyant_operator.kube.access import Access
from polyant_operator.kube.client import MERGE, Client
from polyant_operator.kube.kinds import (
    DEPLOYMENT,
    JOB,
    LEASE,
    POD,
    SECRET,
    STATEFUL_SET,
    Kind,
    Object,
)

REPORT = (
    '{"head":"0003","minHead":"0001","pgvector":"0.8.5","keyId":"%s",'
    '"installationId":"11111111-2222-3333-4444-555555555555","applied":["0001"]}'
)
# What a leader makes of a Lease that it need not renew.
LED: Object = {
    "metadata": {"annotations": {"polyant.ai/epoch": "1"}},
    "spec": {
        "holderIdentity": "engine-0_0a1b2c3d",
        "leaseDurationSeconds": 1_000_000,
        "acquireTime": "2026-11-24T12:00:00.000000Z",
        "renewTime": "2026-11-24T12:00:00.000000Z",
    },
}
# Statuses written at one time.
AT_ONCE = 16
_COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")


async def watch(access: Access, kind: Kind, selector: str = "") -> AsyncIterator[Object]:
    """Give every object of a kind as it is and as it changes, forever."""
    query = {"watch": "true", "resourceVersion": "0", "labelSelector": selector}
    connector = aiohttp.TCPConnector(ssl=access.tls())
    timeout = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=timeout, read_bufsize=2**22) as session,
        session.get(
            access.server + kind.path(None), params=query, headers=access.headers()
        ) as stream,
    ):
        async for line in stream.content:
            yield json.loads(line)["object"]


class Controllers:
    """Finishes whatever the operator starts."""

    def __init__(self, client: Client, access: Access) -> None:
        self._client = client
        self._access = access
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Act until cancelled."""
        acts: dict[Kind, Callable[[Object], Awaitable[None]]] = {
            JOB: self._end_job,
            DEPLOYMENT: self._roll_out,
            STATEFUL_SET: self._start_database,
        }
        async with asyncio.TaskGroup() as group:
            for kind, act in acts.items():
                group.create_task(self._follow(group, kind, act))

    async def _follow(
        self, group: asyncio.TaskGroup, kind: Kind, act: Callable[[Object], Awaitable[None]]
    ) -> None:
        async for obj in watch(self._access, kind):
            group.create_task(self._act(act, obj))

    async def _act(self, act: Callable[[Object], Awaitable[None]], obj: Object) -> None:
        async with self._slots:
            with suppress(errors.NotFound, errors.Conflict):
                await act(obj)

    async def _roll_out(self, obj: Object) -> None:
        status, wanted = obj.get("status") or {}, obj["spec"]["replicas"]
        generation = obj["metadata"]["generation"]
        if (
            status.get("observedGeneration") != generation
            or status.get("readyReplicas", 0) != wanted
        ):
            fresh = dict.fromkeys(_COUNTS, wanted) | {"observedGeneration": generation}
            await set_status(self._client, DEPLOYMENT, obj["metadata"], fresh)
            await self._lead(obj["metadata"])

    async def _lead(self, metadata: Object) -> None:
        """Let a leader be elected that need not renew its Lease."""
        if metadata["name"].endswith("-engine"):
            name = f"{metadata['name'].removesuffix('-engine')}-channels"
            await self._client.merge(LEASE, metadata["namespace"], name, LED)

    async def _start_database(self, obj: Object) -> None:
        if not (obj.get("status") or {}).get("readyReplicas"):
            counts = dict.fromkeys(("replicas", "readyReplicas", "availableReplicas"), 1)
            await set_status(self._client, STATEFUL_SET, obj["metadata"], counts)

    async def _end_job(self, job: Object) -> None:
        if (job.get("status") or {}).get("conditions"):
            return
        metadata = job["metadata"]
        name = metadata["labels"]["polyant.ai/instance"]
        key = await self._client.get(SECRET, metadata["namespace"], f"{name}-encryption-key")
        report = REPORT % key["metadata"]["annotations"]["polyant.ai/key-id"]
        await end_job(self._client, job, report)


async def set_status(client: Client, kind: Kind, metadata: Object, status: Object) -> None:
    """Write a status as a controller does."""
    path = kind.path(metadata["namespace"], metadata["name"]) + "/status"
    await client.request("PATCH", kind, path, body={"status": status}, content_type=MERGE)


async def end_job(client: Client, job: Object, report: str) -> None:
    """Let a Job succeed with the last words of its pod."""
    metadata = job["metadata"]
    name = metadata["labels"]["polyant.ai/instance"]
    await client.create(_pod(job, name))
    await set_status(client, POD, metadata, _succeeded(report))
    stamp = metadata["creationTimestamp"]
    conditions = [
        {"type": kind, "status": "True", "reason": "Played", "lastTransitionTime": stamp}
        for kind in ("SuccessCriteriaMet", "Complete")
    ]
    ended: dict[str, Any] = {
        "startTime": stamp,
        "completionTime": stamp,
        "succeeded": 1,
        "conditions": conditions,
        "uncountedTerminatedPods": {},
    }
    await set_status(client, JOB, metadata, ended)


def _pod(job: Object, instance: str) -> Object:
    metadata = job["metadata"]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "controller": True}
    owner |= {name: metadata[name] for name in ("name", "uid")}
    names = {"name": "polyant", "instance": instance, "component": "migration"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "labels": {f"app.kubernetes.io/{key}": value for key, value in names.items()},
            "ownerReferences": [owner],
        },
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }


def _succeeded(report: str) -> Object:
    ended = {"exitCode": 0, "message": report, "reason": "Completed"}
    container = {"name": "c", "image": "i", "imageID": "", "ready": False, "restartCount": 0}
    return {
        "phase": "Succeeded",
        "containerStatuses": [container | {"state": {"terminated": ended}}],
    }
