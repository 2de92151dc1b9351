"""What a pass knows about the edge, and when an edge that is no longer wanted may go."""

from collections.abc import Mapping
from typing import Final

from polyant_operator.kube.kinds import CERTIFICATE, HTTP_ROUTE, INGRESS, Ref
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts import live
from polyant_operator.verdicts.edge import edge_ready
from polyant_operator.verdicts.ingress import chosen_class
from polyant_operator.verdicts.observed import EdgeSeen, Observed

EDGES: Final = (INGRESS, HTTP_ROUTE, CERTIFICATE)


def seen(state: Pass, tools: Tools, current: Mapping[Ref, bool]) -> EdgeSeen:
    """Show the objects of the edge as they are; `current` says which are as wanted."""
    names = state.instance.names
    routes = (state.child(HTTP_ROUTE, name) for name in (names.edge, names.engine))
    # The wanted ones only: a route that is about to be pruned has no say.
    wanted = {ref.name for ref in current if ref.kind == HTTP_ROUTE}
    return EdgeSeen(
        ingress=state.child(INGRESS, names.edge),
        classes=state.ingress_classes,
        routes=tuple(each for each in routes if each and each["metadata"]["name"] in wanted),
        certificate=state.child(CERTIFICATE, names.edge),
        current=all(same for ref, same in current.items() if ref.kind in (HTTP_ROUTE, CERTIFICATE)),
        absent=tools.discovery.absent(),
    )


def controller(state: Pass) -> str:
    """Who serves the class of the Ingress, as its class says; empty where that is not known."""
    found = chosen_class(state.instance.spec.edge.class_name, state.ingress_classes)
    return str(live.field(found, "spec", "controller") or "")


def is_replaced(state: Pass, observed: Observed) -> bool:
    """Whether the edge that is wanted serves, so that what served before may go.

    Until then both exist, and who came in by the old one still does.
    """
    return edge_ready(state.instance, observed).status == "True"
