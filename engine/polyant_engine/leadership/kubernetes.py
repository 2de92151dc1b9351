"""The lease as a Kubernetes Lease that the operator made; rights to get, watch and update it are enough.

The token of the pod is read anew for every request, because the kubelet renews it; the authority when
its file changes. Whatever else is in the object is sent back as it came. Wall-clock times are written
for people and never read. There are no Events: the engine has no right to write them.
"""

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from polyant_engine.core.clock import Clock
from polyant_engine.leadership.ports import StoreFailed, VersionTaken
from polyant_engine.leadership.records import Record

EPOCH = "polyant.ai/epoch"
WISH = "polyant.ai/promote"  # written by the operator, read here
GRANTED = "polyant.ai/promoted"
ACCOUNT_FOLDER = Path("/var/run/secrets/kubernetes.io/serviceaccount")
WATCH_SECONDS = 240
SILENCE_SECONDS = 30  # a leader writes every few seconds, so a watch that is silent is dead

OK = 200
CONFLICT = 409
NOT_FOUND = 404
CURES = {
    401: "the API server does not know the token of this pod",
    403: "the Role of the engine does not allow it: get, watch and update of this Lease are needed",
    NOT_FOUND: "the Lease does not exist; the operator makes it",
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Which Lease, and how to get at it."""

    api_url: str
    namespace: str
    name: str
    account: Path = ACCOUNT_FOLDER

    @property
    def collection(self) -> str:
        """Return the address of the Leases of the namespace."""
        return f"{self.api_url}/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases"


class KubernetesLease:
    """A `Store`."""

    def __init__(self, session: aiohttp.ClientSession, place: Place, clock: Clock) -> None:
        self._session = session
        self._place = place
        self._clock = clock
        self._tls: tuple[float, ssl.SSLContext] | None = None

    async def read(self) -> Record:
        """Return the lease as it is."""
        return _record(await self._ask("GET", self._url))

    async def write(self, record: Record) -> Record:
        """Replace the version that the record names."""
        body = orjson.dumps(_lease(record, self._clock.now()))
        return _record(await self._ask("PUT", self._url, body))

    async def changes(self, after: Record) -> AsyncIterator[Record]:
        """Watch the Lease."""
        query = {
            "watch": "1",
            "fieldSelector": f"metadata.name={self._place.name}",
            "resourceVersion": after.version,
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        silence = aiohttp.ClientTimeout(total=None, sock_read=SILENCE_SECONDS)
        async with self._session.get(
            self._place.collection,
            params=query,
            headers=self._headers(),
            ssl=self._context(),
            timeout=silence,
        ) as response:
            await _check(response)
            async for line in response.content:
                event = orjson.loads(line)
                if event["type"] not in {"ADDED", "MODIFIED"}:
                    raise StoreFailed(f"the watch ended: {event['type']}")
                yield _record(event["object"])

    @property
    def _url(self) -> str:
        return f"{self._place.collection}/{self._place.name}"

    async def _ask(self, method: str, url: str, body: bytes | None = None) -> dict[str, Any]:
        async with self._session.request(
            method, url, data=body, headers=self._headers(), ssl=self._context()
        ) as response:
            await _check(response)
            found: dict[str, Any] = orjson.loads(await response.read())
            return found

    def _headers(self) -> dict[str, str]:
        token = (self._place.account / "token").read_text().strip()
        return {"authorization": f"Bearer {token}", "content-type": "application/json"}

    def _context(self) -> ssl.SSLContext:
        authority = self._place.account / "ca.crt"
        changed = authority.stat().st_mtime
        if self._tls is None or self._tls[0] != changed:
            self._tls = (changed, ssl.create_default_context(cafile=str(authority)))
        return self._tls[1]


async def _check(response: aiohttp.ClientResponse) -> None:
    if response.status == CONFLICT:
        raise VersionTaken
    if response.status != OK:
        reason = CURES.get(response.status, response.reason or "no reason given")
        raise StoreFailed(f"the API server answers {response.status}: {reason}")


def _record(lease: dict[str, Any]) -> Record:
    spec = lease.get("spec") or {}
    annotations = lease["metadata"].get("annotations") or {}
    told = annotations.get(EPOCH, "0")
    return Record(
        version=lease["metadata"]["resourceVersion"],
        holder=spec.get("holderIdentity") or "",
        lease_seconds=spec.get("leaseDurationSeconds") or 1,
        epoch=int(told) if told.isascii() and told.isdecimal() else 0,
        transitions=spec.get("leaseTransitions") or 0,
        wish=annotations.get(WISH, ""),
        granted=annotations.get(GRANTED, ""),
        raw=lease,
    )


def _lease(record: Record, now: datetime) -> dict[str, Any]:
    before = record.raw.get("spec") or {}
    stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    is_new = before.get("leaseTransitions") != record.transitions
    metadata = record.raw["metadata"]
    known = {**(metadata.get("annotations") or {}), EPOCH: str(record.epoch)}
    known.pop(GRANTED, None)
    annotations = known | ({GRANTED: record.granted} if record.granted else {})
    spec = before | {
        "holderIdentity": record.holder,
        "leaseDurationSeconds": record.lease_seconds,
        "leaseTransitions": record.transitions,
        "renewTime": stamp,
        "acquireTime": stamp if is_new else before.get("acquireTime") or stamp,
    }
    metadata = {**metadata, "annotations": annotations, "resourceVersion": record.version}
    return {**record.raw, "metadata": metadata, "spec": spec}
