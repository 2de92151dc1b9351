"""Every front door sends the engine's routes to the engine, and sign-in to the panel."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from support import edge_table, engine_routes, installations, recipes

SIGN_IN = ("/api/auth", "/api/auth/", "/api/auth/session", "/api/auth/credentials/verify")
PAGES = ("/", "/agents", "/static/app.css", "/apiary", "/v10", "/healthy", "/memories-of-us")

Table = Callable[[str], str]  # who answers a path


def by(api: str) -> Table:
    """Longest prefix of whole path elements wins, as both APIs say."""
    table = edge_table.routes(edge(api))["chat.example.com"]
    return lambda path: edge_table.who(table, path)


def edge(api: str) -> list[dict[str, Any]]:
    """The objects of the fullest instance's edge, by either API."""
    fields = dict(installations.FULLEST["spec"]["edge"])
    if api == "HTTPRoute":
        fields = {name: fields[name] for name in ("host", "engineHost")}
        fields |= {"type": api, "parentRefs": [{"name": "public"}]}
    spec = {**installations.FULLEST["spec"], "edge": fields}
    body = {**installations.FULLEST, "spec": spec}
    return [row for row in installations.manifests(body) if row["kind"] == api]


def caddyfile() -> Table:
    """The first `handle` that matches wins, as `route` keeps the order."""
    text = (recipes.EXAMPLES / "compose" / "Caddyfile").read_text()
    matchers = dict(re.findall(r"@(\w+) path (.+)", text))
    steps = re.findall(r"handle (?:@(\w+) )?\{\s*reverse_proxy (\w+):\d+", text)

    def who(path: str) -> str:
        for name, service in steps:
            if not name or any(_matches(path, one) for one in matchers[name].split()):
                return str(service)
        raise AssertionError(f"nobody answers {path}")

    return who


TABLES: Mapping[str, Table] = {
    "ingress": by("Ingress"),
    "route": by("HTTPRoute"),
    "caddyfile": caddyfile(),
}
every_table = pytest.mark.parametrize("who", TABLES.values(), ids=TABLES.keys())


@every_table
def test_every_public_route_of_the_engine_reaches_the_engine(who: Table) -> None:
    paths = set(engine_routes.public_paths())

    assert {path for path in paths if who(path) != "engine"} == set()


@every_table
def test_there_are_routes_below_every_prefix_that_this_release_serves(who: Table) -> None:
    prefixes = {
        path.split("/")[1] for path in engine_routes.public_paths() if who(path) == "engine"
    }

    assert {"v1", "api", "health"} <= prefixes


@every_table
def test_no_internal_route_reaches_the_engine(who: Table) -> None:
    assert {path for path in engine_routes.internal_paths() if who(path) != "web"} == set()


@every_table
@pytest.mark.parametrize("path", SIGN_IN)
def test_sign_in_belongs_to_the_panel(who: Table, path: str) -> None:
    assert who(path) == "web"


@every_table
@pytest.mark.parametrize("path", PAGES)
def test_pages_belong_to_the_panel_also_when_they_begin_alike(who: Table, path: str) -> None:
    assert who(path) == "web"


def test_all_front_doors_agree_about_every_known_path() -> None:
    paths = [*engine_routes.public_paths(), *engine_routes.internal_paths(), *SIGN_IN, *PAGES]

    assert [path for path in paths if len({who(path) for who in TABLES.values()}) > 1] == []


@pytest.mark.parametrize("api", ["Ingress", "HTTPRoute"])
def test_the_host_for_api_clients_serves_the_engine_alone(api: str) -> None:
    assert set(edge_table.routes(edge(api))["api.example.com"].values()) == {"acme-engine"}


@pytest.mark.parametrize("api", ["Ingress", "HTTPRoute"])
def test_no_edge_knows_the_internal_port(api: str) -> None:
    public = {"Ingress": {"http"}, "HTTPRoute": {4000, 3000}}

    assert edge_table.ports(edge(api)) == public[api]


def _matches(path: str, pattern: str) -> bool:
    if pattern.endswith("/*"):
        return path.startswith(pattern.removesuffix("*"))
    return path == pattern
