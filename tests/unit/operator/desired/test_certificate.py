"""The certificate that cert-manager is asked for, and the Secret the Ingress serves."""

from typing import Any

import pytest

from polyant_operator.api.instance import parse
from polyant_operator.desired import edge
from polyant_operator.desired.context import Context, Manifest
from support.refusal import instance

ISSUER = {"name": "letsencrypt", "kind": "ClusterIssuer"}


def built(tls: dict[str, Any], **fields: Any) -> dict[str, Manifest]:
    spec = {"edge": {"type": "Ingress", "host": "chat.example.com", "tls": tls, **fields}}
    return {found["kind"]: found for found in edge.build(parse(instance(spec)), Context())}


def test_a_secret_of_the_users_needs_no_certificate() -> None:
    found = built({"secretName": "mine"})

    assert list(found) == ["Ingress"]
    assert found["Ingress"]["spec"]["tls"] == [
        {"hosts": ["chat.example.com"], "secretName": "mine"}
    ]


@pytest.mark.parametrize(("given", "secret"), [({}, "acme-tls"), ({"secretName": "x"}, "x")])
def test_an_issuer_fills_the_secret_that_the_ingress_serves(
    given: dict[str, str], secret: str
) -> None:
    found = built({"issuerRef": ISSUER, **given}, engineHost="api.example.com")

    assert found["Certificate"]["spec"] == {
        "secretName": secret,
        "dnsNames": ["chat.example.com", "api.example.com"],
        "issuerRef": {"group": "cert-manager.io", **ISSUER},
        "privateKey": {"rotationPolicy": "Always"},
    }
    assert found["Ingress"]["spec"]["tls"] == [
        {"hosts": ["chat.example.com", "api.example.com"], "secretName": secret}
    ]


def test_the_certificate_is_asked_for_before_it_is_served() -> None:
    assert list(built({"issuerRef": ISSUER})) == ["Certificate", "Ingress"]
