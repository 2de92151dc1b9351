"""The path table of the edge, and what controllers need for long streams."""

from typing import Any

import pytest

from polyant_operator.api.instance import parse
from polyant_operator.desired import ingress
from polyant_operator.desired.context import Manifest
from support.refusal import instance

ENGINE_PATHS = ["/v1", "/api", "/memories", "/webhooks", "/health"]


def built(**edge: Any) -> Manifest:
    fields = {"type": "Ingress", "host": "chat.example.com", **edge}
    return ingress.build(parse(instance({"edge": fields})))


def routes(manifest: Manifest) -> dict[str, dict[str, str]]:
    return {
        rule["host"]: {
            path[
                "path"
            ]: f"{path['backend']['service']['name']}:{path['backend']['service']['port']['name']}"
            for path in rule["http"]["paths"]
        }
        for rule in manifest["spec"]["rules"]
    }


def test_the_engine_gets_its_paths_and_the_panel_the_rest() -> None:
    assert routes(built()) == {
        "chat.example.com": {
            **dict.fromkeys(ENGINE_PATHS, "acme-engine:http"),
            "/api/auth": "acme-web:http",
            "/": "acme-web:http",
        }
    }


def test_the_second_host_is_for_programs_only() -> None:
    found = routes(built(engineHost="api.example.com"))

    assert found["api.example.com"] == dict.fromkeys(ENGINE_PATHS, "acme-engine:http")


def test_no_path_leads_to_the_internal_port() -> None:
    assert "internal" not in str(built(engineHost="api.example.com"))


@pytest.mark.parametrize(
    ("name", "annotation"),
    [
        ("contour", "projectcontour.io/response-timeout"),
        ("contour-internal", "projectcontour.io/response-timeout"),
        ("nginx", "nginx.ingress.kubernetes.io/proxy-buffering"),
        ("nginx", "nginx.org/proxy-buffering"),
        ("haproxy", "haproxy.org/timeout-server"),
        ("haproxy", "haproxy-ingress.github.io/timeout-server"),
    ],
)
def test_a_class_gets_what_it_understands(name: str, annotation: str) -> None:
    assert annotation in built(className=name)["metadata"]["annotations"]


@pytest.mark.parametrize("edge", [{}, {"className": "traefik"}, {"className": "other"}])
def test_other_classes_get_nothing(edge: dict[str, str]) -> None:
    assert "annotations" not in built(**edge)["metadata"]


def test_the_users_annotations_win() -> None:
    own = {"projectcontour.io/response-timeout": "1h", "a": "b"}

    assert built(className="contour", annotations=own)["metadata"]["annotations"] == own


def test_the_certificate_covers_both_hosts() -> None:
    found = built(engineHost="api.example.com", tls={"secretName": "tls"})

    assert found["spec"]["tls"] == [
        {"hosts": ["chat.example.com", "api.example.com"], "secretName": "tls"}
    ]
