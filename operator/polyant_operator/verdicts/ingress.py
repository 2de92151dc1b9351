"""EdgeReady of an Ingress.

It counts as ready when it is applied and its class exists. An address that never comes is told but
gates nothing: many controllers never write one.
"""

from polyant_operator.api.conditions import ConditionType, Reason
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.verdicts import live
from polyant_operator.verdicts.observed import Live, Observed
from polyant_operator.verdicts.verdict import Verdict, holds, waits

_TYPE = ConditionType.EDGE_READY
_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"


def missing(instance: PolyantInstance, observed: Observed) -> Verdict | None:
    """Say what keeps the Ingress from being served at all."""
    if observed.edge.ingress is None:
        return waits(_TYPE, Reason.PENDING, "The Ingress is made once Migrated is True.")
    if (text := _missing_class(instance, observed.edge.classes)) is not None:
        return waits(_TYPE, Reason.CLASS_MISSING, text)
    return None


def applied(instance: PolyantInstance, observed: Observed) -> Verdict:
    """Say that it is in place, with or without an address."""
    ingress = observed.edge.ingress
    name = live.field(ingress, "metadata", "name")
    if not live.items(ingress, "status", "loadBalancer", "ingress"):
        text = f"Ingress {name} is applied; its controller has given no address yet."
        return holds(_TYPE, Reason.ADDRESS_PENDING, text)
    return holds(
        _TYPE, Reason.EDGE_APPLIED, f"Ingress {name} is in place for {instance.spec.edge.host}."
    )


def chosen_class(wanted: str | None, classes: tuple[Live, ...] | None) -> Live | None:
    """Find the class of that name, else the default, where classes may be read."""
    for each in classes or ():
        if live.field(each, "metadata", "name") == wanted or (wanted is None and _is_default(each)):
            return each
    return None


def _missing_class(instance: PolyantInstance, classes: tuple[Live, ...] | None) -> str | None:
    wanted = instance.spec.edge.class_name
    if classes is None or chosen_class(wanted, classes) is not None:
        return None  # not allowed to look, or there
    if wanted is None:
        problem = "spec.edge.className is not set and no IngressClass is the default."
    else:
        problem = f"spec.edge.className is '{wanted}', but there is no such IngressClass."
    return f"{problem} {_known(classes)}"


def _is_default(ingress_class: Live) -> bool:
    return bool(live.field(ingress_class, "metadata", "annotations", _DEFAULT_CLASS) == "true")


def _known(classes: tuple[Live, ...]) -> str:
    names = sorted(str(live.field(each, "metadata", "name")) for each in classes)
    if not names:
        return "The cluster has no IngressClass: install an ingress controller."
    return f"The cluster has: {', '.join(names[:20])}."
