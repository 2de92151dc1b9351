"""An operator's world for tests: the real reconciler on a real API server, one pass at a time.

There is no kubelet and no Job controller: the test writes what they would write, through the API
server, which checks it. The client counts writes, can die after any of them, and has every status
that is written judged as the tools of users would read it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from secrets import token_bytes
from typing import Any

from typing_extensions import override

from polyant_operator.desired.context import OperandOptions
from polyant_operator.handlers.queue import WorkQueue
from polyant_operator.handlers.resync import Resync
from polyant_operator.kube.access import Access
from polyant_operator.kube.api_server import ApiServer
from polyant_operator.kube.apply import Applier
from polyant_operator.kube.bucket import TokenBucket
from polyant_operator.kube.cache import Cache
from polyant_operator.kube.client import APPLY, MERGE, Client, Request
from polyant_operator.kube.discovery import Discovery
from polyant_operator.kube.events import Recorder
from polyant_operator.kube.kinds import (
    DEPLOYMENT,
    EVENT,
    INSTANCE,
    JOB,
    LEASE,
    POD,
    SECRET,
    STATEFUL_SET,
    Kind,
    Object,
)
from polyant_operator.reconcile.instance import Reconciler
from polyant_operator.reconcile.leaders import Leaders
from polyant_operator.reconcile.rollouts import Rollouts
from polyant_operator.reconcile.state import Tools
from polyant_operator.reconcile.waits import Waits
from support import apiserver, kstatus, podsecurity

REPORT = (
    '{"head":"0003","minHead":"0001","pgvector":"0.8.5","keyId":"%s",'
    '"installationId":"11111111-2222-3333-4444-555555555555","applied":["0001"]}'
)
EMBEDDED: dict[str, Any] = {"database": {"embedded": {}}}


class Crash(BaseException):
    """The process died."""


class WatchedClient(Client):
    """A client that remembers every write, and dies when told to."""

    writes: list[str]
    used: set[tuple[str, str]]  # every verb and resource asked for, as rights name them
    dies_after: int | None = None
    dies_of: type[BaseException] = Crash
    instead: Callable[[], Awaitable[object]] | None = None  # of a death, at that write
    judged: dict[str, Object]  # the instance as each status write left it, by uid

    @override
    async def send(self, request: Request) -> Object:
        verb, resource = _right(request)
        self.used.add((verb, resource))
        if request.content_type == APPLY and "/" not in resource:
            self.used.add(("create", resource))  # an apply that makes the object needs it
        answer = await super().send(request)
        if request.method != "GET" and request.kind != EVENT:
            self.writes.append(str(request))
            if resource == "polyantinstances/status":
                self._judge(answer)
            if self.dies_after is not None and len(self.writes) >= self.dies_after:
                await self._die()
        return answer

    async def _die(self) -> None:
        if self.instead is None:
            raise self.dies_of("told to")
        self.dies_after = None
        await self.instead()

    def _judge(self, answer: Object) -> None:
        uid = answer["metadata"]["uid"]
        found = kstatus.complaints(self.judged.get(uid), answer)
        assert not found, f"{'; '.join(found)}: {answer.get('status')}"
        self.judged[uid] = answer


def _right(request: Request) -> tuple[str, str]:
    """The verb and the resource a request needs a right for."""
    plural = request.kind.plural
    if f"/{plural}" not in request.path:
        return "get", "apis"  # discovery, which everybody may read
    rest = request.path.partition(f"/{plural}")[2].strip("/").split("/")
    resource = plural + (f"/{rest[1]}" if len(rest) > 1 else "")
    verbs = {"POST": "create", "PATCH": "patch", "DELETE": "delete", "PUT": "update"}
    return verbs.get(request.method) or ("get" if rest[0] else "list"), resource


class World:
    """One namespace with the operator in it."""

    def __init__(self, admin: Client, client: WatchedClient, namespace: str) -> None:
        self.admin = admin
        self.client = client
        self.namespace = namespace
        self.now = datetime.now(UTC).replace(microsecond=0)
        # How far the time of day is off, by which nothing may be measured.
        self.off = timedelta(0)
        self._pods = count(1)
        self.client.used = set()
        self.client.judged = {}
        self.restart()

    def restart(self) -> None:
        """Start the operator anew: everything it had in memory is gone."""
        cache = Cache()
        self.client.writes = []
        self.client.dies_after = None
        self.tools = Tools(
            client=self.client,
            cache=cache,
            applier=Applier(self.client, cache, self._seconds),
            discovery=Discovery(self.client),
            api_server=ApiServer(self.client),
            recorder=Recorder(self.client, self._seconds, self._time_of_day),
            options=OperandOptions(engine_repository="registry.test/engine"),
            rollouts=Rollouts(cache),
            random=token_bytes,
            wall_clock=self._time_of_day,
            waits=Waits(self._seconds),
            leaders=Leaders(self._seconds),
        )
        self.reconciler = Reconciler(self.tools)

    def _seconds(self) -> float:
        return self.now.timestamp()

    def _time_of_day(self) -> datetime:
        return self.now + self.off

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def create(self, spec: Mapping[str, Any] = EMBEDDED, name: str = "acme") -> Object:
        return await self.admin.create(
            {
                "apiVersion": INSTANCE.api_version,
                "kind": INSTANCE.kind,
                "metadata": {"name": name, "namespace": self.namespace},
                "spec": dict(spec),
            }
        )

    async def change(self, spec: Mapping[str, Any], name: str = "acme") -> Object:
        return await self.admin.merge(INSTANCE, self.namespace, name, {"spec": dict(spec)})

    async def annotate(self, annotations: Mapping[str, str | None], name: str = "acme") -> Object:
        patch = {"metadata": {"annotations": dict(annotations)}}
        return await self.admin.merge(INSTANCE, self.namespace, name, patch)

    async def secret(self, name: str, **data: str) -> Object:
        return await self.admin.create(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name, "namespace": self.namespace},
                "stringData": data,
            }
        )

    async def config_map(self, name: str, **data: str) -> Object:
        return await self.admin.create(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": name, "namespace": self.namespace},
                "data": data,
            }
        )

    async def claim(self, *, labelled: bool = True, owner: Object | None = None) -> Object:
        """Make the database's PersistentVolumeClaim as the StatefulSet controller does."""
        metadata: dict[str, Any] = {"name": "data-acme-database-0", "namespace": self.namespace}
        if labelled:
            metadata["labels"] = {"polyant.ai/instance": "acme"}
        if owner is not None:
            reference = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "acme-database"}
            metadata["ownerReferences"] = [{**reference, "uid": owner["metadata"]["uid"]}]
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        return await self.admin.create(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": metadata,
                "spec": spec,
            }
        )

    async def run(self, name: str = "acme", *, fresh: bool = True) -> float | None:
        """One pass, after the watches have brought everything."""
        if fresh:
            await self.look()
        return await self.reconciler.reconcile(self.namespace, name)

    async def look(self) -> None:
        """Let the cache know what is."""
        queue = WorkQueue(_never, TokenBucket(1, 1), lambda: 0.0)
        namespaces = (self.namespace,)
        await self.tools.api_server.refresh()
        await Resync(self.client, self.tools.cache, queue, namespaces, self.tools.discovery).once()

    async def get(self, kind: Kind, name: str) -> Object:
        return await self.admin.get(kind, self.namespace, name)

    async def names(self, kind: Kind) -> list[str]:
        return sorted(
            [obj["metadata"]["name"] async for obj in self.admin.walk(kind, self.namespace)]
        )

    async def status(self, name: str = "acme") -> dict[str, Any]:
        return dict((await self.get(INSTANCE, name)).get("status") or {})

    async def conditions(self, name: str = "acme") -> dict[str, tuple[str, str]]:
        """Status and reason by type."""
        listed = (await self.status(name)).get("conditions", [])
        return {each["type"]: (each["status"], each["reason"]) for each in listed}

    async def message(self, kind: str, name: str = "acme") -> str:
        listed = (await self.status(name)).get("conditions", [])
        return str(next(each["message"] for each in listed if each["type"] == kind))

    async def jobs(self) -> list[Object]:
        found = [job async for job in self.admin.walk(JOB, self.namespace)]
        return sorted(found, key=lambda job: int(job["metadata"]["labels"]["polyant.ai/attempt"]))

    async def pod(self, owner: Object, component: str, status: Mapping[str, Any]) -> Object:
        """Make a pod as a controller and a kubelet would."""
        metadata = owner["metadata"]
        pod = await self.admin.create(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": f"{metadata['name']}-{next(self._pods)}",
                    "namespace": self.namespace,
                    "labels": {
                        "app.kubernetes.io/name": "polyant",
                        "app.kubernetes.io/instance": metadata["labels"]["polyant.ai/instance"],
                        "app.kubernetes.io/component": component,
                    },
                    "ownerReferences": [
                        {
                            "apiVersion": owner["apiVersion"],
                            "kind": owner["kind"],
                            "name": metadata["name"],
                            "uid": metadata["uid"],
                            "controller": True,
                        }
                    ],
                },
                "spec": podsecurity.RESTRICTED,
            }
        )
        return await self.set_status(POD, pod["metadata"]["name"], status)

    async def set_status(self, kind: Kind, name: str, status: Mapping[str, Any]) -> Object:
        path = kind.path(self.namespace, name) + "/status"
        return await self.admin.request(
            "PATCH", kind, path, body={"status": dict(status)}, content_type=MERGE
        )

    async def end_job(self, code: int, message: str = "") -> None:
        """Let the newest Job end with an exit code and last words."""
        await self.end_one_job((await self.jobs())[-1], code, message)

    async def end_one_job(self, job: Object, code: int, message: str = "") -> None:
        """Let a Job end."""
        ended = {
            "exitCode": code,
            "message": message,
            "reason": "Completed" if not code else "Error",
        }
        phase = "Failed" if code else "Succeeded"
        await self.pod(
            job,
            "migration",
            {"phase": phase, "containerStatuses": [_container({"terminated": ended})]},
        )
        stamp = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        kinds = ("FailureTarget", "Failed") if code else ("SuccessCriteriaMet", "Complete")
        status: dict[str, Any] = {
            "startTime": job["metadata"]["creationTimestamp"],
            "conditions": [
                {"type": kind, "status": "True", "reason": "Test", "lastTransitionTime": stamp}
                for kind in kinds
            ],
            "uncountedTerminatedPods": {},
        }
        if code:
            status["failed"] = 1
        else:
            status |= {"succeeded": 1, "completionTime": job["metadata"]["creationTimestamp"]}
        await self.set_status(JOB, job["metadata"]["name"], status)

    async def key_id(self) -> str:
        secret = await self.get(SECRET, "acme-encryption-key")
        return str(secret["metadata"]["annotations"]["polyant.ai/key-id"])

    async def end_job_well(self) -> None:
        await self.end_job(0, REPORT % await self.key_id())

    async def database_ready(self) -> None:
        await self.set_status(
            STATEFUL_SET,
            "acme-database",
            {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1},
        )

    async def rolled_out(self, *names: str) -> None:
        """Let Deployments become available."""
        for name in names or ("acme-engine", "acme-web"):
            live = await self.get(DEPLOYMENT, name)
            wanted = live["spec"]["replicas"]
            counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
            status = dict.fromkeys(counts, wanted)
            status["observedGeneration"] = live["metadata"]["generation"]
            await self.set_status(DEPLOYMENT, name, status)
            if name.endswith("-engine") and wanted:
                await self.lead(name.removesuffix("-engine"))

    async def lead(self, name: str = "acme", pod: str = "", epoch: int = 1, **spec: Any) -> None:
        """Let an engine lead as long as it is not told otherwise: nobody renews this Lease."""
        held = {"holderIdentity": f"{pod or f'{name}-engine-0'}_0a1b2c3d"}
        times = dict.fromkeys(("acquireTime", "renewTime"), "2026-11-24T12:00:00.000000Z")
        patch = {
            "metadata": {"annotations": {"polyant.ai/epoch": str(epoch)}},
            "spec": held | times | {"leaseDurationSeconds": 1_000_000} | spec,
        }
        await self.admin.merge(LEASE, self.namespace, f"{name}-channels", patch)

    async def bring_up(self, spec: Mapping[str, Any] = EMBEDDED) -> None:
        """Bring an instance all the way to Ready."""
        await self.create(spec)
        await self.run()
        if "embedded" in spec["database"]:
            await self.database_ready()
        await self.end_job_well()
        await self.run()
        await self.rolled_out()
        await self.run()


async def _never(_: object) -> float | None:
    raise AssertionError("nothing is worked on here")


def _container(state: Mapping[str, Any]) -> dict[str, Any]:
    status = {"name": "c", "image": "i", "imageID": "", "ready": False, "restartCount": 0}
    return {**status, "state": dict(state)}


def waiting(reason: str, message: str = "", *, since: datetime | None = None) -> dict[str, Any]:
    """The status of a pod whose container waits."""
    state = {"waiting": {"reason": reason, "message": message}}
    status: dict[str, Any] = {"phase": "Pending", "containerStatuses": [_container(state)]}
    if since is not None:
        status["startTime"] = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    return status


def access(server: apiserver.ApiServer, *, impersonate: str | None = None) -> Access:
    """The administrator's access, or that of somebody whom they play."""
    return Access(
        server=server.url,
        ca_file=str(server.ca_file),
        token=server.token,
        impersonate=impersonate,
    )


@asynccontextmanager
async def world(
    server: apiserver.ApiServer, *, impersonate: str | None = None, namespace: str | None = None
) -> AsyncIterator[World]:
    """A new namespace with an operator in it, or another operator in the same one."""
    namespace = namespace or server.new_namespace()
    user = access(server, impersonate=impersonate)
    async with (
        Client(access(server), rate=10_000) as admin,
        WatchedClient(user, rate=10_000) as client,
    ):
        yield World(admin, client, namespace)
