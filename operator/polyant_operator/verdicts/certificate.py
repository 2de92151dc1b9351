"""EdgeReady of a Certificate: cert-manager has issued what the Ingress serves."""

from polyant_operator.api.conditions import ConditionType, Reason
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.verdicts import live
from polyant_operator.verdicts.observed import Live, Observed
from polyant_operator.verdicts.verdict import Verdict, waits

_TYPE = ConditionType.EDGE_READY


def unready(instance: PolyantInstance, observed: Observed) -> Verdict | None:
    """Say why the certificate cannot be served yet; None where nobody asked for one."""
    tls = instance.spec.edge.tls
    if tls is None or tls.issuer_ref is None:
        return None
    certificate = observed.edge.certificate
    if certificate is None or not observed.edge.current:
        text = "The Certificate is not yet what the spec asks."
        return waits(_TYPE, Reason.CERTIFICATE_PENDING, text)
    if _is_ready(certificate):
        return None
    name = live.field(certificate, "metadata", "name")
    failed, words = _why_not(certificate)
    issuer = f"{tls.issuer_ref.kind} {tls.issuer_ref.name}"
    if failed:
        text = f"{issuer} did not issue Certificate {name}: {words}"
        return waits(_TYPE, Reason.CERTIFICATE_FAILED, text)
    text = f"Certificate {name} of {issuer} is not ready: {words}"
    return waits(_TYPE, Reason.CERTIFICATE_PENDING, text)


def _is_ready(certificate: Live) -> bool:
    ready = live.condition(certificate, "Ready")
    seen = live.field(ready, "observedGeneration")
    generation = live.number(certificate, "metadata", "generation")
    is_stale = isinstance(seen, int) and seen < generation
    return live.field(ready, "status") == "True" and not is_stale


def _why_not(certificate: Live) -> tuple[bool, str]:
    """Find the most telling words: of the last failure, else of what is going on."""
    issuing = live.condition(certificate, "Issuing")
    ready = live.condition(certificate, "Ready")
    failed = live.field(issuing, "status") == "False" and live.field(issuing, "reason") == "Failed"
    telling = issuing if failed else ready or issuing
    words = live.sentence(live.field(telling, "message"))
    return failed, words or "cert-manager has said nothing about it yet."
