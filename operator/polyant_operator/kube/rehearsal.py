"""A client that reads the cluster and only pretends to write: what it was asked to write is kept.

Whoever works with it sees the world as if the writes had happened, so that the steps of a reconcile
go all the way: a migration Job, for one, has succeeded as soon as it is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from typing_extensions import override

from polyant_operator.kube import errors
from polyant_operator.kube.client import APPLY, Client, Request
from polyant_operator.kube.kinds import EVENT, INSTANCE, JOB, Kind, Object

_DONE: Final = {"conditions": [{"type": "Complete", "status": "True"}], "succeeded": 1}
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409


class Verb(StrEnum):
    """What a write would do."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    SCALE = "scale"


@dataclass(frozen=True, kw_only=True)
class Write:
    """One write that did not happen."""

    verb: Verb
    kind: Kind
    name: str
    before: Object | None
    # What was sent: for an apply the fields of ours, for a scale the replicas.
    sent: Mapping[str, Any]


class Rehearsal(Client):
    """Reads; pretends to write."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.writes: list[Write] = []
        # Collections that may not be listed: what is in them is known by name only.
        self.unlisted: set[str] = set()
        self._pretended: dict[str, Object | None] = {}

    @override
    async def send(self, request: Request) -> Object:
        """Send what reads, keep what writes."""
        kind, path = request.kind, request.path
        if request.method == "GET":
            return await self._read(request)
        sent = dict(request.body or {})
        if request.method == "POST":
            return await self._create(kind, path, sent)
        place, _, subresource = path.partition(f"/{kind.plural}/")[2].partition("/")
        if subresource == "status" or kind == INSTANCE:
            return sent
        path = path.removesuffix("/scale")
        before = await self._live(kind, path)
        if request.method == "DELETE":
            return self._delete(kind, path, place, before)
        if before is None and request.content_type != APPLY:
            raise errors.NotFound(f"{path} does not exist", _NOT_FOUND)
        changed = Verb.SCALE if subresource == "scale" else Verb.CHANGE
        verb = changed if before is not None else Verb.CREATE
        self.writes.append(Write(verb=verb, kind=kind, name=place, before=before, sent=sent))
        return self._pretend(path, merged(before or {"metadata": {}}, sent))

    async def _read(self, request: Request) -> Object:
        if request.path in self._pretended:
            held = self._pretended[request.path]
            if held is None:
                raise errors.NotFound(f"{request.path} would be gone", _NOT_FOUND)
            return held
        try:
            return await super().send(request)
        except errors.Forbidden:
            if not request.path.endswith(f"/{request.kind.plural}"):
                raise
            self.unlisted.add(request.kind.plural)
            return {"items": [], "metadata": {}}

    async def _live(self, kind: Kind, path: str) -> Object | None:
        try:
            return await self._read(Request(method="GET", kind=kind, path=path))
        except errors.NotFound:
            return None

    async def _create(self, kind: Kind, path: str, sent: Object) -> Object:
        if kind == EVENT:
            return sent
        name = str(sent["metadata"]["name"])
        place = f"{path}/{name}"
        if await self._live(kind, place) is not None:
            raise errors.Conflict(f"{kind.kind} {name} exists", _CONFLICT)
        self.writes.append(Write(verb=Verb.CREATE, kind=kind, name=name, before=None, sent=sent))
        return self._pretend(place, {**sent, "status": _DONE} if kind == JOB else sent)

    def _delete(self, kind: Kind, path: str, name: str, before: Object | None) -> Object:
        if before is not None:
            write = Write(verb=Verb.DELETE, kind=kind, name=name, before=before, sent={})
            self.writes.append(write)
        self._pretended[path] = None
        return {}

    def _pretend(self, path: str, obj: Object) -> Object:
        metadata = obj["metadata"]
        version = int(metadata.get("resourceVersion") or 0) + 1
        made = {"uid": f"pretended:{path}", **metadata, "resourceVersion": str(version)}
        self._pretended[path] = {**obj, "metadata": made}
        return self._pretended[path] or {}


def merged(before: Mapping[str, Any], sent: Mapping[str, Any]) -> Object:
    """Lay what was sent over what is there; lists are replaced."""
    result = dict(before)
    for name, value in sent.items():
        known = result.get(name)
        both = isinstance(known, Mapping) and isinstance(value, Mapping)
        result[name] = merged(known, value) if both else value  # type: ignore[arg-type]
    return result
