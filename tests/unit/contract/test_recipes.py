"""Compose, Render and Fly.io give each process what it needs and nothing it does not read."""

import re
from urllib.parse import urlsplit

import pytest
from starlette.routing import Route

from polyant_engine import settings as engine
from polyant_web import settings as web
from support import engine_routes, environment, recipes
from support.fake_engine import FakeEngine
from support.panel import Visitor
from support.recipes import Recipe

RECIPES = recipes.recipes()
every_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)


def panel_paths() -> set[str]:
    visitor = Visitor(FakeEngine())
    return {route.path for route in visitor.app.routes if isinstance(route, Route)}


def pairs() -> list[tuple[Recipe, Recipe]]:
    return list(zip(RECIPES[::2], RECIPES[1::2], strict=True))


every_pair = pytest.mark.parametrize(("one", "other"), pairs())


@every_recipe
def test_every_variable_is_read_by_its_process(recipe: Recipe) -> None:
    assert set() == environment.unread(recipe.process, recipe.environment)


@every_recipe
def test_every_required_variable_is_set(recipe: Recipe) -> None:
    assert set() == environment.missing(recipe.process, recipe.environment)


@every_recipe
def test_its_process_accepts_the_values(recipe: Recipe) -> None:
    load = {"engine": engine.load, "web": web.load}[recipe.process]

    load(recipe.environment)


@every_recipe
def test_the_command_is_a_program_of_the_image(recipe: Recipe) -> None:
    assert (f"polyant-{recipe.process}", "serve") == recipe.command


@every_recipe
def test_it_stands_behind_a_proxy_and_says_so(recipe: Recipe) -> None:
    assert int(recipe.environment["TRUST_PROXY"]) >= 1


@every_pair
def test_the_panel_uses_the_internal_port_of_the_engine(one: Recipe, other: Recipe) -> None:
    url = urlsplit(other.environment["INTERNAL_ENGINE_URL"])

    assert one.environment["INTERNAL_PORT"] == str(url.port)


@every_pair
def test_both_share_their_secrets(one: Recipe, other: Recipe) -> None:
    shared = ("AUTH_SECRET", "AUTH_INTERNAL_SECRET")

    assert [one.environment[name] for name in shared] == [
        other.environment[name] for name in shared
    ]


@every_pair
def test_the_panel_trusts_the_host_that_the_proxy_names(one: Recipe, other: Recipe) -> None:
    assert ("BASE_URL" in one.environment, other.environment["AUTH_TRUST_HOST"]) == (True, "true")


def test_compose_asks_for_exactly_the_values_of_its_example() -> None:
    assert recipes.compose_values() == recipes.compose_example()


def test_compose_publishes_the_ports_of_the_proxy_alone() -> None:
    published = [name for name, row in recipes.compose_file()["services"].items() if "ports" in row]

    assert published == ["caddy"]


def test_compose_runs_our_programs_read_only_and_without_capabilities() -> None:
    services = recipes.compose_file()["services"]
    ours = [row for row in services.values() if row["image"].startswith("polyant-engine")]

    assert [(row["read_only"], row["cap_drop"]) for row in ours] == [(True, ["ALL"])] * 3


def test_no_recipe_holds_a_value_of_a_secret() -> None:
    secrets = [row.name for row in environment.table().values() if row.secret]
    text = "".join(
        path.read_text()
        for folder in ("compose", "render", "fly")
        for path in (recipes.EXAMPLES / folder).iterdir()
    )
    written = re.findall(rf"^({'|'.join(secrets)})\s*[=:]\s*['\"]?([\w-]+)", text, re.MULTILINE)

    assert written == []


@pytest.mark.parametrize("process", ["engine", "web"])
def test_fly_sends_people_and_checks_to_the_ports_that_are_listened_on(process: str) -> None:
    app = recipes.fly_file(process)
    main = app["env"].get("API_PORT") or app["env"]["PORT"]

    assert (str(app["http_service"]["internal_port"]), str(app["checks"]["ready"]["port"])) == (
        main,
        app["env"]["METRICS_PORT"],
    )


def test_compose_sends_people_to_the_ports_that_are_listened_on() -> None:
    caddyfile = (recipes.EXAMPLES / "compose" / "Caddyfile").read_text()
    ports = {"engine": engine.VARIABLES["PORT"].default, "web": web.VARIABLES["PORT"].default}

    assert dict(re.findall(r"reverse_proxy (\w+):(\d+)", caddyfile)) == ports


def test_render_asks_for_a_path_that_both_processes_serve() -> None:
    paths = {service["healthCheckPath"] for service in recipes.render_file()["services"]}

    assert paths == {"/health"}
    assert "/health" in engine_routes.public_paths()
    assert "/health" in panel_paths()
