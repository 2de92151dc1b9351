"""The edge by both APIs: one path table, one trust, and nothing of the inside."""

from typing import Any

import pytest

from polyant_operator.api.instance import parse
from polyant_operator.desired import edge, ports
from polyant_operator.desired.context import Context, Manifest
from support import edge_table
from support.refusal import instance

HOSTS = {"host": "chat.example.com", "engineHost": "api.example.com"}
PARENT = {"name": "public", "namespace": "gateways"}
TYPES: dict[str, dict[str, Any]] = {
    "Ingress": {"type": "Ingress"},
    "HTTPRoute": {"type": "HTTPRoute", "parentRefs": [PARENT]},
}
each_type = pytest.mark.parametrize("kind", TYPES)


def built(*, context: Context | None = None, **fields: Any) -> list[Manifest]:
    parsed = parse(instance({"edge": fields}))
    return list(edge.build(parsed, context or Context()))


def of(kind: str, **fields: Any) -> list[Manifest]:
    return built(**{**TYPES[kind], "host": "chat.example.com", **fields})


@each_type
@pytest.mark.parametrize("path", [*edge_table.ENGINE, *edge_table.WEB])
def test_one_host_serves_panel_and_api(kind: str, path: str) -> None:
    (table,) = edge_table.routes(of(kind)).values()

    assert edge_table.who(table, path) == edge_table.expected(path, engine_host=False)


@each_type
@pytest.mark.parametrize("path", [*edge_table.ENGINE, *edge_table.WEB])
def test_the_second_host_is_for_programs_only(kind: str, path: str) -> None:
    tables = edge_table.routes(of(kind, **HOSTS))

    assert set(tables) == set(HOSTS.values())
    found = edge_table.who(tables["api.example.com"], path)
    assert found == edge_table.expected(path, engine_host=True)


@each_type
def test_no_object_of_the_edge_knows_an_inner_port(kind: str) -> None:
    text = str(of(kind, **HOSTS))

    assert "internal" not in text
    assert not {str(ports.INTERNAL), str(ports.METRICS), str(ports.DATABASE)} & set(text.split())


@each_type
def test_the_users_annotations_are_there(kind: str) -> None:
    found = of(kind, annotations={"a": "b"}, **HOSTS)

    assert [manifest["metadata"]["annotations"]["a"] for manifest in found] == ["b"] * len(found)


@pytest.mark.parametrize("kind", ["None", "External"])
def test_an_edge_of_somebody_else_is_no_object(kind: str) -> None:
    assert built(type=kind, publicUrl="https://chat.example.com") == []


def test_each_host_has_a_route_of_its_own() -> None:
    found = {
        manifest["metadata"]["name"]: manifest["spec"]["hostnames"]
        for manifest in of("HTTPRoute", **HOSTS)
    }

    assert found == {"acme": ["chat.example.com"], "acme-engine": ["api.example.com"]}


def test_a_route_is_attached_as_asked() -> None:
    refs: list[dict[str, Any]] = [
        {"name": "public", "namespace": "gateways", "sectionName": "http"},
        {"name": "mesh", "kind": "Service", "group": "core", "port": 80},
    ]
    (route,) = of("HTTPRoute", parentRefs=refs)

    gateway = {"group": "gateway.networking.k8s.io", "kind": "Gateway"}
    assert route["spec"]["parentRefs"] == [{**gateway, **refs[0]}, refs[1]]


def test_a_route_sets_no_limit_to_an_answer() -> None:
    (route,) = of("HTTPRoute")

    assert [rule["timeouts"] for rule in route["spec"]["rules"]] == [{"request": "0s"}] * 2


def test_a_kind_that_the_cluster_lacks_is_left_out() -> None:
    context = Context(absent_kinds=frozenset({"HTTPRoute", "Certificate"}))
    tls = {"issuerRef": {"name": "letsencrypt"}}
    fields = {"host": "chat.example.com"}

    assert built(context=context, **TYPES["HTTPRoute"], **fields) == []
    kept = built(context=context, **TYPES["Ingress"], **fields, tls=tls)
    assert [manifest["kind"] for manifest in kept] == ["Ingress"]
