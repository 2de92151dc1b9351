"""What an Ingress tells its controller for long streams."""

from typing import Any

import pytest

from polyant_operator.api.instance import parse
from polyant_operator.desired import ingress
from polyant_operator.desired.context import Context
from support.refusal import instance


def annotations(controller: str = "", **edge: Any) -> dict[str, str]:
    fields = {"type": "Ingress", "host": "chat.example.com", **edge}
    context = Context(ingress_controller=controller)
    manifest = ingress.build(parse(instance({"edge": fields})), context)
    return dict(manifest["metadata"].get("annotations", {}))


@pytest.mark.parametrize(
    ("controller", "annotation", "value"),
    [
        ("projectcontour.io/ingress-controller", "projectcontour.io/response-timeout", "infinity"),
        ("k8s.io/ingress-nginx", "nginx.ingress.kubernetes.io/proxy-buffering", "off"),
        ("k8s.io/ingress-nginx", "nginx.ingress.kubernetes.io/proxy-read-timeout", "3600"),
        ("k8s.io/ingress-nginx", "nginx.ingress.kubernetes.io/proxy-body-size", "32m"),
        ("nginx.org/ingress-controller", "nginx.org/proxy-buffering", "False"),
        ("nginx.org/ingress-controller", "nginx.org/proxy-read-timeout", "3600s"),
        ("haproxy.org/ingress-controller/haproxy", "haproxy.org/timeout-server", "1h"),
        ("haproxy-ingress.github.io/controller", "haproxy-ingress.github.io/timeout-server", "1h"),
        ("openshift.io/ingress-to-route", "haproxy.router.openshift.io/timeout", "1h"),
    ],
)
def test_a_controller_is_told_in_its_own_words_whatever_its_class_is_called(
    controller: str, annotation: str, value: str
) -> None:
    found = annotations(controller, className="public")

    assert found[annotation] == value
    domain = annotation.partition("/")[0]
    assert [name for name in found if name.partition("/")[0] != domain] == []


@pytest.mark.parametrize(
    ("name", "domains"),
    [
        ("contour-internal", {"projectcontour.io"}),
        ("nginx", {"nginx.ingress.kubernetes.io", "nginx.org"}),
        ("haproxy", {"haproxy.org", "haproxy-ingress.github.io"}),
        ("openshift-default", {"haproxy.router.openshift.io"}),
        ("traefik", set()),
        ("other", set()),
    ],
)
def test_where_classes_cannot_be_read_the_name_has_to_do(name: str, domains: set[str]) -> None:
    assert {key.partition("/")[0] for key in annotations(className=name)} == domains


@pytest.mark.parametrize("controller", ["traefik.io/ingress-controller", "example.com/other"])
def test_other_controllers_are_told_nothing(controller: str) -> None:
    assert annotations(controller, className="nginx") == {}


def test_the_users_annotations_win() -> None:
    own = {"projectcontour.io/response-timeout": "1h", "a": "b"}

    assert annotations(className="contour", annotations=own) == own


def test_without_a_class_name_the_default_class_is_told() -> None:
    assert "nginx.ingress.kubernetes.io/proxy-buffering" in annotations("k8s.io/ingress-nginx")
    assert annotations() == {}
