"""A thin asynchronous client: dictionaries in, dictionaries out, typed errors, a limit on everything.

Every call has a time-out and takes a token first, so neither a hanging nor an overloaded API server
is made worse by us. Warnings that the API server sends are logged, each text once.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import orjson
from typing_extensions import override

from polyant_operator.api import labels
from polyant_operator.kube import access as accesses
from polyant_operator.kube import bucket, errors
from polyant_operator.kube.kinds import Kind, Object, kind_of
from polyant_operator.observability import metrics

logger = logging.getLogger(__name__)

APPLY: Final = "application/apply-patch+yaml"
MERGE: Final = "application/merge-patch+json"
TIMEOUT_SECONDS: Final = 15.0
CHUNK: Final = 100
_WARNINGS_REMEMBERED: Final = 500
_ERROR_FROM: Final = 400
# Compressing a list costs the API server more than sending it as it is.
_ASKED: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request to the API server."""

    method: str
    kind: Kind
    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] | None = None
    content_type: str = "application/json"

    @override
    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Client:
    """The API server as seen by one set of credentials."""

    def __init__(
        self, access: accesses.Access, *, rate: float = 100, timeout: float = TIMEOUT_SECONDS
    ) -> None:
        self.access = access
        self._bucket = bucket.TokenBucket(rate, rate * 2)
        self._timeout = timeout
        self._warned: set[str] = set()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self.access.tls(), limit=64)
        self._session = aiohttp.ClientSession(connector=connector)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, kind: Kind, namespace: str | None, name: str) -> Object:
        """Read one object."""
        return await self.request("GET", kind, kind.path(namespace, name))

    async def find(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        """Read one object, or None when it does not exist."""
        try:
            return await self.get(kind, namespace, name)
        except errors.NotFound:
            return None

    async def walk(
        self, kind: Kind, namespace: str | None = None, *, labels: str = "", chunk: int = CHUNK
    ) -> AsyncIterator[Object]:
        """Read a collection in chunks; objects get their `apiVersion` and `kind` back."""
        query = {"limit": str(chunk)} | ({"labelSelector": labels} if labels else {})
        while True:
            page = await self.request("GET", kind, kind.path(namespace), query=query)
            for item in page.get("items", ()):
                yield {"apiVersion": kind.api_version, "kind": kind.kind} | item
            if not (more := page["metadata"].get("continue")):
                return
            query["continue"] = more

    async def create(self, manifest: Object) -> Object:
        """Create an object; `Conflict` when the name is taken."""
        kind = kind_of(manifest)
        path = kind.path(manifest["metadata"].get("namespace"))
        return await self.request(
            "POST", kind, path, body=manifest, query={"fieldManager": labels.MANAGER}
        )

    async def replace(self, manifest: Object) -> Object:
        """Write a whole object under optimistic locking."""
        kind = kind_of(manifest)
        return await self.request("PUT", kind, _path(kind, manifest), body=manifest)

    async def apply(self, manifest: Object) -> Object:
        """Server-side apply under our field manager; foreign values of our fields are reverted."""
        return await self._apply(manifest, "", labels.MANAGER)

    async def apply_status(self, manifest: Object) -> Object:
        """Server-side apply of the status, by a manager of its own."""
        return await self._apply(manifest, "/status", labels.STATUS_MANAGER)

    async def _apply(self, manifest: Object, subresource: str, manager: str) -> Object:
        kind = kind_of(manifest)
        path = _path(kind, manifest) + subresource
        query = {"fieldManager": manager, "force": "true"}
        return await self.request(
            "PATCH", kind, path, body=manifest, query=query, content_type=APPLY
        )

    async def merge(
        self, kind: Kind, namespace: str | None, name: str, patch: Mapping[str, Any]
    ) -> Object:
        """Merge a patch: for single metadata fields of objects that are never applied."""
        return await self.request(
            "PATCH",
            kind,
            kind.path(namespace, name),
            body=patch,
            query={"fieldManager": labels.MANAGER},
            content_type=MERGE,
        )

    async def scale(self, kind: Kind, namespace: str, name: str, replicas: int) -> Object:
        """Set the replicas through the scale subresource."""
        path = kind.path(namespace, name) + "/scale"
        body = {"spec": {"replicas": replicas}}
        return await self.request("PATCH", kind, path, body=body, content_type=MERGE)

    async def delete(
        self, kind: Kind, namespace: str | None, name: str, *, uid: str | None = None
    ) -> None:
        """Delete an object and its dependents; one that is gone already is fine."""
        options: dict[str, Any] = {"propagationPolicy": "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        try:
            await self.request("DELETE", kind, kind.path(namespace, name), body=options)
        except errors.NotFound:
            return

    async def request(
        self,
        method: str,
        kind: Kind,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        """Send one request and return the decoded answer, or raise from the error tree."""
        return await self.send(
            Request(
                method=method,
                kind=kind,
                path=path,
                body=body,
                query=query,
                content_type=content_type,
            )
        )

    async def send(self, request: Request) -> Object:
        """Send it: what everything above comes down to, and all that a subclass replaces."""
        await self._bucket.take()
        code = "error"
        try:
            async with self._open(request) as response:
                code = str(response.status)
                text = await response.read()
                self._log_warnings(response)
                return _decode(request, response, text)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            problem = str(error) or type(error).__name__
            raise errors.Unavailable(f"{request}: {problem}") from error
        finally:
            metrics.api_requests.labels(request.method, request.kind.plural, code).inc()

    def _open(self, request: Request) -> Any:
        if self._session is None:
            raise errors.NoAccess("the client is not open: use `async with Client(...)`")
        headers = self.access.headers() | _ASKED
        has_body = request.body is not None
        return self._session.request(
            request.method,
            self.access.server + request.path,
            params=request.query,
            data=orjson.dumps(request.body) if has_body else None,
            headers=headers | ({"Content-Type": request.content_type} if has_body else {}),
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            allow_redirects=False,
        )

    def _log_warnings(self, response: aiohttp.ClientResponse) -> None:
        for header in response.headers.getall("Warning", ()):
            text = header.split('"')[1] if header.count('"') > 1 else header
            if text not in self._warned and len(self._warned) < _WARNINGS_REMEMBERED:
                self._warned.add(text)
                logger.warning("The API server warns: %s", text)


def _path(kind: Kind, manifest: Mapping[str, Any]) -> str:
    metadata = manifest["metadata"]
    return kind.path(metadata.get("namespace"), metadata["name"])


def _decode(what: Request, response: aiohttp.ClientResponse, text: bytes) -> Object:
    try:
        answer = orjson.loads(text) if text else {}
    except ValueError as error:
        if response.status < _ERROR_FROM:
            raise errors.Unavailable(f"{what}: the answer is not JSON") from error
        answer = {}
    if response.status >= _ERROR_FROM:
        message = answer.get("message") if isinstance(answer, dict) else None
        if errors.TERMINATING in _causes(answer):
            raise errors.Terminating(f"{what}: {message}", response.status)
        raise errors.from_response(
            response.status,
            f"{what}: {message or text[:300].decode(errors='replace')}",
            _retry_after(response),
        )
    return dict(answer)


def _causes(answer: Any) -> set[str]:
    """What a refusal names as its causes."""
    details = answer.get("details") if isinstance(answer, dict) else None
    return {str(each.get("reason")) for each in (details or {}).get("causes") or ()}


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None
