"""EdgeReady: is the way in from outside in place?

An Ingress counts as ready when it is applied and its class exists. An address that never comes is
told but gates nothing: many controllers never write one.
"""

from polyant_operator.api.conditions import ConditionType, Reason
from polyant_operator.api.edge import EdgeType
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.verdicts import live
from polyant_operator.verdicts.observed import Live, Observed
from polyant_operator.verdicts.verdict import Verdict, holds, waits

_TYPE = ConditionType.EDGE_READY
_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"


def edge_ready(instance: PolyantInstance, observed: Observed) -> Verdict:
    """Judge the edge."""
    match instance.spec.edge.type:
        case EdgeType.NONE:
            return holds(_TYPE, Reason.NOT_REQUESTED, "spec.edge.type is None: use a port-forward.")
        case EdgeType.EXTERNAL:
            text = "spec.edge.type is External: the edge is somebody else's and is not checked."
            return holds(_TYPE, Reason.EXTERNAL, text)
        case EdgeType.INGRESS:
            return _ingress(instance, observed)


def _ingress(instance: PolyantInstance, observed: Observed) -> Verdict:
    ingress = observed.edge.ingress
    if ingress is None:
        return waits(_TYPE, Reason.PENDING, "The Ingress is made once Migrated is True.")
    if (missing := _missing_class(instance, observed.edge.classes)) is not None:
        return waits(_TYPE, Reason.CLASS_MISSING, missing)
    name = live.field(ingress, "metadata", "name")
    if not live.items(ingress, "status", "loadBalancer", "ingress"):
        text = f"Ingress {name} is applied; its controller has given no address yet."
        return holds(_TYPE, Reason.ADDRESS_PENDING, text)
    return holds(
        _TYPE, Reason.EDGE_APPLIED, f"Ingress {name} is in place for {instance.spec.edge.host}."
    )


def _missing_class(instance: PolyantInstance, classes: tuple[Live, ...] | None) -> str | None:
    wanted = instance.spec.edge.class_name
    if classes is None:
        return None  # not allowed to look
    if wanted is None:
        return None if any(map(_is_default, classes)) else _no_default(classes)
    if any(live.field(each, "metadata", "name") == wanted for each in classes):
        return None
    return (
        f"spec.edge.className is '{wanted}', but there is no such IngressClass. {_known(classes)}"
    )


def _is_default(ingress_class: Live) -> bool:
    return bool(live.field(ingress_class, "metadata", "annotations", _DEFAULT_CLASS) == "true")


def _no_default(classes: tuple[Live, ...]) -> str:
    return f"spec.edge.className is not set and no IngressClass is the default. {_known(classes)}"


def _known(classes: tuple[Live, ...]) -> str:
    names = sorted(str(live.field(each, "metadata", "name")) for each in classes)
    if not names:
        return "The cluster has no IngressClass: install an ingress controller."
    return f"The cluster has: {', '.join(names[:20])}."
