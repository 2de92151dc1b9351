"""EdgeReady: is the way in from outside in place?

What the spec asks for and this cluster cannot hold is told first, because nothing else can be
judged then; an API that comes later is found and used.
"""

from polyant_operator.api.conditions import ConditionType, Reason
from polyant_operator.api.edge import EdgeType
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.verdicts import certificate, http_route, ingress
from polyant_operator.verdicts.observed import Observed
from polyant_operator.verdicts.verdict import Verdict, holds, waits

_TYPE = ConditionType.EDGE_READY
_ROUTE = "spec.edge.type is HTTPRoute"
_ISSUER = "spec.edge.tls.issuerRef is set"


def edge_ready(instance: PolyantInstance, observed: Observed) -> Verdict:
    """Judge the edge."""
    match instance.spec.edge.type:
        case EdgeType.NONE:
            return holds(_TYPE, Reason.NOT_REQUESTED, "spec.edge.type is None: use a port-forward.")
        case EdgeType.EXTERNAL:
            text = "spec.edge.type is External: the edge is somebody else's and is not checked."
            return holds(_TYPE, Reason.EXTERNAL, text)
        case EdgeType.INGRESS:
            return (
                ingress.missing(instance, observed)
                or _missing_api(observed, "Certificate", _ISSUER, wanted=_has_issuer(instance))
                or certificate.unready(instance, observed)
                or ingress.applied(instance, observed)
            )
        case EdgeType.HTTP_ROUTE:
            missing = _missing_api(observed, "HTTPRoute", _ROUTE, wanted=True)
            return missing or http_route.judge(instance, observed)


def _has_issuer(instance: PolyantInstance) -> bool:
    tls = instance.spec.edge.tls
    return tls is not None and tls.issuer_ref is not None


_APIS = {
    "HTTPRoute": ("gateway.networking.k8s.io/v1", "the Gateway API and a controller for it"),
    "Certificate": ("cert-manager.io/v1", "cert-manager"),
}


def _missing_api(observed: Observed, kind: str, because: str, *, wanted: bool) -> Verdict | None:
    if not wanted or kind not in observed.edge.absent:
        return None
    version, cure = _APIS[kind]
    text = (
        f"{because}, but this cluster has no {kind} in {version}. Install {cure};"
        " what was there before serves on until then."
    )
    return waits(_TYPE, Reason.EDGE_API_MISSING, text)
