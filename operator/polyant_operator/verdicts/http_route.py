"""EdgeReady of HTTPRoutes: every parent of every route has accepted it and found its Services.

Each controller writes one entry per parent it is responsible for. An entry that is missing, or was
written for an earlier generation, says nothing yet; a refusal is passed on in the controller's words.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from polyant_operator.api.conditions import ConditionType, Reason
from polyant_operator.api.gateway import ParentRef
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.verdicts import live
from polyant_operator.verdicts.observed import Live, Observed
from polyant_operator.verdicts.verdict import Verdict, holds, waits

_TYPE = ConditionType.EDGE_READY
_NEEDED = ("Accepted", "ResolvedRefs")
# True when a part of the route was left out.
_PARTIAL = "PartiallyInvalid"
# Why a listener with a host name of its own takes no route for another.
_OTHER_HOST = "NoMatchingListenerHostname"
# What the API fills in where a reference says nothing.
_DEFAULTS = {"group": "gateway.networking.k8s.io", "kind": "Gateway"}
_IDENTITY = ("group", "kind", "namespace", "name", "sectionName", "port")


def judge(instance: PolyantInstance, observed: Observed) -> Verdict:
    """Judge all routes by all their parents; a refusal says more than a silence."""
    routes = observed.edge.routes
    edge = instance.spec.edge
    hosts = [host for host in (edge.host, edge.engine_host) if host is not None]
    if len(routes) < len(hosts):
        return waits(_TYPE, Reason.PENDING, "The HTTPRoutes are made once Migrated is True.")
    if not observed.edge.current:
        return waits(_TYPE, Reason.ROUTE_PENDING, "The HTTPRoutes are not yet what the spec asks.")
    found = [verdict for route in routes for verdict in _by_route(instance, route)]
    refused = [verdict for verdict in found if verdict.reason is Reason.ROUTE_REFUSED]
    if found:
        return (refused or found)[0]
    parents = ", ".join(_called(ref) for ref in edge.parent_refs)
    text = f"{parents} accepted the routes for {' and '.join(hosts)}."
    return holds(_TYPE, Reason.ROUTE_ACCEPTED, text)


def _by_route(instance: PolyantInstance, route: Live) -> Iterator[Verdict]:
    refs = instance.spec.edge.parent_refs
    found = {ref: list(_by_parent(instance, route, ref)) for ref in refs}
    is_accepted = not all(found.values())
    for ref in refs:
        # Two hosts may have a listener each: the other's says nothing against this one.
        is_anothers = instance.spec.edge.engine_host and _is_for_another_host(instance, route, ref)
        if not (is_accepted and is_anothers):
            yield from found[ref]


def _by_parent(instance: PolyantInstance, route: Live, ref: ParentRef) -> Iterator[Verdict]:
    entries = _entries(instance, route, ref)
    if not entries:
        text = (
            f"No controller has answered for {_called(ref)} about"
            f" HTTPRoute {live.field(route, 'metadata', 'name')}."
            " Is there such a Gateway, and does a controller run its class?"
        )
        yield waits(_TYPE, Reason.ROUTE_PENDING, text)
    for entry in entries:
        yield from _by_entry(route, ref, entry)


def _entries(instance: PolyantInstance, route: Live, ref: ParentRef) -> list[Live]:
    listed = live.items(route, "status", "parents")
    return [entry for entry in listed if _is_about(entry, ref, instance.namespace)]


def _is_for_another_host(instance: PolyantInstance, route: Live, ref: ParentRef) -> bool:
    reasons = [
        condition.get("reason")
        for entry in _entries(instance, route, ref)
        for condition in live.items(entry, "conditions")
        if condition.get("type") == "Accepted" and condition.get("status") == "False"
    ]
    return bool(reasons) and set(reasons) == {_OTHER_HOST}


def _by_entry(route: Live, ref: "ParentRef", entry: Live) -> Iterator[Verdict]:
    generation = live.number(route, "metadata", "generation")
    conditions = {str(each.get("type")): each for each in live.items(entry, "conditions")}
    who = f"{_called(ref)} ({live.sentence(entry.get('controllerName'), 100)})"
    what = f"HTTPRoute {live.field(route, 'metadata', 'name')}"
    for kind in _NEEDED:
        condition = conditions.get(kind)
        if condition is None or _is_stale(condition, generation):
            text = f"{who} has not yet said {kind} about this version of {what}."
            yield waits(_TYPE, Reason.ROUTE_PENDING, text)
        elif condition.get("status") != "True":
            yield _said(condition, f"{who} says of {what}: {kind} is {condition.get('status')}")
    partial = conditions.get(_PARTIAL, {})
    if partial.get("status") == "True" and not _is_stale(partial, generation):
        yield _said(partial, f"{who} left out a part of {what}")


def _said(condition: Live, what: str) -> Verdict:
    refused = condition.get("status") != "Unknown" and condition.get("reason") != "Pending"
    words = live.sentence(condition.get("message"))
    text = f"{what}, {live.sentence(condition.get('reason'), 100)}: {words or 'without a message'}"
    return waits(_TYPE, Reason.ROUTE_REFUSED if refused else Reason.ROUTE_PENDING, text)


def _is_stale(condition: Live, generation: int) -> bool:
    # A controller that never writes it is believed.
    seen = condition.get("observedGeneration")
    return isinstance(seen, int) and 0 < seen < generation


def _is_about(entry: Live, ref: "ParentRef", namespace: str) -> bool:
    theirs = entry.get("parentRef")
    ours = ref.model_dump(by_alias=True, exclude_none=True)
    return isinstance(theirs, Mapping) and _identity(theirs, namespace) == _identity(
        ours, namespace
    )


def _identity(ref: Mapping[str, Any], namespace: str) -> tuple[Any, ...]:
    whole = {**_DEFAULTS, "namespace": namespace, **ref}
    return tuple(whole.get(name) for name in _IDENTITY)


def _called(ref: "ParentRef") -> str:
    place = f"{ref.namespace}/" if ref.namespace else ""
    section = f", section {ref.section_name}" if ref.section_name else ""
    port = f", port {ref.port}" if ref.port else ""
    return f"{ref.kind or 'Gateway'} {place}{ref.name}{section}{port}"
