"""A pass that writes nothing: the steps of the reconciler, over a client that only pretends.

So what is told about a changed resource is what the operator will do, by the operator's own code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from typing_extensions import override

from polyant_operator.api import instance as api
from polyant_operator.api import labels
from polyant_operator.api.errors import InvalidInstance
from polyant_operator.kube import errors, prune
from polyant_operator.kube.api_server import ApiServer as Found
from polyant_operator.kube.api_server import End
from polyant_operator.kube.cache import Cache
from polyant_operator.kube.kinds import CHILDREN, INSTANCE, SERVICE, Object, Ref, ref_of
from polyant_operator.kube.rehearsal import Rehearsal, Write
from polyant_operator.reconcile import judging
from polyant_operator.reconcile.instance import STEPS, run
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts import secrets
from polyant_operator.verdicts.observed import Trouble

NEW: Final = "00000000-0000-0000-0000-000000000000"
_HTTPS: Final = 443


class ApiServer(Found):
    """Where pods find the API server, asked from outside the cluster."""

    @override
    async def _resolved(self) -> tuple[End, ...]:
        """Read the address that a pod would resolve, which is not the one we use."""
        try:
            found = await self._client.find(SERVICE, "default", "kubernetes")
        except errors.Forbidden:
            return ()
        address = ((found or {}).get("spec") or {}).get("clusterIP")
        return ((str(address), _HTTPS),) if address else ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a pass would do, and what it would stop at."""

    namespace: str
    name: str
    writes: tuple[Write, ...]
    trouble: Trouble | None
    # What keeps the workloads from being touched: used Secrets that are missing or wrong.
    waits_for: str
    # What goes later, when what replaces it serves.
    later: tuple[Ref, ...]
    paused: bool
    rotating: tuple[str, ...]
    # Collections the user may not list.
    unlisted: tuple[str, ...]


async def rehearse(body: Object, client: Rehearsal, tools: Tools) -> Outcome:
    """Run the steps for a resource as it is in a file; InvalidInstance when it breaks rules."""
    live = await _live(client, body)
    placed = _placed(body, live)
    parsed = api.parse(placed)
    await tools.discovery.refresh()
    await tools.api_server.refresh()
    await _fill(client, tools.cache, parsed.namespace, parsed.name)
    state = Pass(body=placed, instance=parsed, now=tools.wall_clock())
    refusal = await run(state, tools, STEPS)
    if refusal is not None:
        raise refusal
    return Outcome(
        namespace=parsed.namespace,
        name=parsed.name,
        writes=tuple(client.writes),
        trouble=state.trouble,
        waits_for=_waits_for(state, tools),
        later=_later(state),
        paused=parsed.spec.paused,
        rotating=state.rotating,
        unlisted=tuple(sorted(client.unlisted)),
    )


async def _live(client: Rehearsal, body: Object) -> Object | None:
    metadata = body.get("metadata") or {}
    namespace, name = metadata.get("namespace", "default"), metadata.get("name")
    return await client.find(INSTANCE, str(namespace), str(name)) if name else None


def _placed(body: Object, live: Object | None) -> Object:
    """Give the resource the identity and the status it has in the cluster."""
    metadata = {"namespace": "default", **(body.get("metadata") or {})}
    if live is None:
        return {**body, "metadata": {**metadata, "uid": NEW, "generation": 1}, "status": {}}
    known = live["metadata"]
    annotations = {**(known.get("annotations") or {}), **(metadata.get("annotations") or {})}
    generation = int(known.get("generation", 1)) + (not _is_same(body, live))
    kept = {"uid": known["uid"], "generation": generation, "annotations": annotations}
    return {**body, "metadata": {**metadata, **kept}, "status": live.get("status") or {}}


def _is_same(body: Object, live: Mapping[str, object]) -> bool:
    try:
        return api.parse(body).spec == api.parse(live).spec
    except InvalidInstance:
        return False


async def _fill(client: Rehearsal, cache: Cache, namespace: str, name: str) -> None:
    for kind in CHILDREN:
        try:
            async for obj in client.walk(kind, namespace, labels=f"{labels.OWNER}={name}"):
                cache.put(obj)
        except errors.NotFound:
            continue


def _waits_for(state: Pass, tools: Tools) -> str:
    if not state.problems or state.trouble is not None:
        return ""
    return secrets.secrets_ready(state.instance, judging.observe(state, tools)).message


def _later(state: Pass) -> tuple[Ref, ...]:
    if state.trouble is not None or state.problems or not state.may_write:
        return ()
    wanted = {ref_of(manifest) for manifest in (*state.always, *state.workloads)}
    return tuple(ref for ref, _ in prune.unwanted(state.children, wanted, state.instance.uid))


def of(tools: Tools, client: Rehearsal) -> Tools:
    """Give the tools of a pass the eyes of somebody outside the cluster."""
    return replace(tools, api_server=ApiServer(client))
