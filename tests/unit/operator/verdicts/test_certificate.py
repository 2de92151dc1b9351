"""EdgeReady while cert-manager makes the certificate."""

from typing import Any

import pytest

from polyant_operator.api.conditions import Reason
from polyant_operator.verdicts import edge
from polyant_operator.verdicts.observed import EdgeSeen
from polyant_operator.verdicts.verdict import Verdict
from support.observations import healthy, instance

INGRESS = {
    "metadata": {"name": "acme"},
    "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
}
EDGE = {"type": "Ingress", "host": "a.test", "tls": {"issuerRef": {"name": "le"}}}


def condition(kind: str, status: str, reason: str = "", message: str = "") -> dict[str, Any]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def certificate(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"name": "acme", "generation": 2},
        "status": {"conditions": list(conditions)},
    }


def judged(found: dict[str, Any] | None, **seen: Any) -> Verdict:
    observed = healthy(edge=EdgeSeen(ingress=INGRESS, certificate=found, **seen))
    return edge.edge_ready(instance({"edge": EDGE}), observed)


def test_an_issued_certificate_lets_the_ingress_speak() -> None:
    ready = condition("Ready", "True", "Ready", "Certificate is up to date")

    assert judged(certificate(ready)).reason is Reason.EDGE_APPLIED


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "not yet what the spec asks"),
        (certificate(), "cert-manager has said nothing about it yet"),
        (
            certificate(condition("Ready", "False", "DoesNotExist", "Secret does not exist")),
            "Certificate acme of Issuer le is not ready: Secret does not exist",
        ),
        (
            certificate({**condition("Ready", "True"), "observedGeneration": 1}),
            "is not ready",
        ),
    ],
)
def test_a_certificate_on_its_way_is_waited_for(found: dict[str, Any] | None, words: str) -> None:
    verdict = judged(found)

    assert (verdict.status, verdict.reason) == ("False", Reason.CERTIFICATE_PENDING)
    assert words in verdict.message


def test_a_failed_issue_is_told_in_cert_managers_words() -> None:
    found = certificate(
        condition("Ready", "False", "DoesNotExist", "Secret does not exist"),
        condition("Issuing", "False", "Failed", "The request failed: DNS problem: NXDOMAIN"),
    )

    verdict = judged(found)

    assert (verdict.reason, verdict.stalled) == (Reason.CERTIFICATE_FAILED, False)
    assert verdict.message == (
        "Issuer le did not issue Certificate acme: The request failed: DNS problem: NXDOMAIN"
    )


def test_a_renewal_that_fails_breaks_nothing_while_the_old_one_is_good() -> None:
    found = certificate(
        condition("Ready", "True"), condition("Issuing", "False", "Failed", "rate limited")
    )

    assert judged(found).status == "True"


def test_an_earlier_wish_does_not_count() -> None:
    assert judged(certificate(condition("Ready", "True")), current=False).status == "False"


def test_without_cert_manager_its_absence_is_told() -> None:
    verdict = judged(None, absent=frozenset({"Certificate"}))

    assert verdict.reason is Reason.EDGE_API_MISSING
    assert "spec.edge.tls.issuerRef is set, but this cluster has no Certificate" in verdict.message
    assert "Install cert-manager" in verdict.message
