"""The operator gives each container exactly what the table says, in forms the processes accept."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from polyant_engine import settings as engine
from polyant_web import settings as web
from support import environment, installations, recipes
from support.environment import PROCESSES, Process
from support.installations import FULLEST, SMALLEST

LOAD = {"engine": engine.load, "migrate": engine.load_migration, "web": web.load}
# What the kubelet adds to every container.
KUBELET = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}

every_process = pytest.mark.parametrize("process", PROCESSES)
EXAMPLES = {path.parent.name: path for path in recipes.EXAMPLES.glob("*/instance.yaml")}
BODIES = {
    "the smallest": SMALLEST,
    "the fullest": FULLEST,
    **{name: yaml.safe_load(path.read_text()) for name, path in sorted(EXAMPLES.items())},
}
every_instance = pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())


def told(body: Mapping[str, Any], process: Process) -> dict[str, str]:
    return installations.environment(installations.containers(body)[process])


def rows_named(names: Mapping[str, str]) -> set[str]:
    rows = environment.table().values()
    return {row.name for row in rows if any(row.is_named(name) for name in names)}


def test_the_examples_are_among_the_instances() -> None:
    assert {"quickstart", "production"} <= set(BODIES)


@every_instance
@every_process
def test_every_variable_is_read_by_its_process(body: Mapping[str, Any], process: Process) -> None:
    assert set() == environment.unread(process, told(body, process))


@every_instance
@every_process
def test_every_required_variable_is_set(body: Mapping[str, Any], process: Process) -> None:
    assert set() == environment.missing(process, told(body, process))


@every_instance
@every_process
def test_its_process_accepts_the_values(body: Mapping[str, Any], process: Process) -> None:
    LOAD[process](KUBELET | told(body, process))


@every_process
def test_the_smallest_instance_sets_what_is_always_set(process: Process) -> None:
    always = {
        row.name for row in environment.rows(process) if row.operator.get(process) == "always"
    }

    assert always == rows_named(told(SMALLEST, process))


@every_process
def test_the_fullest_instance_sets_everything_the_operator_ever_sets(process: Process) -> None:
    expected = {row.name for row in environment.rows(process) if process in row.operator}

    assert expected == rows_named(told(FULLEST, process))


@every_process
def test_no_secret_is_written_into_a_manifest(process: Process) -> None:
    variables = installations.containers(FULLEST)[process]["env"]
    secrets = [row for row in environment.rows(process) if row.secret]
    plain = [
        variable["name"]
        for variable in variables
        if "value" in variable and any(row.is_named(variable["name"]) for row in secrets)
    ]

    assert plain == []


@every_process
def test_the_program_is_named_by_the_command(process: Process) -> None:
    """The image has no entry point."""
    expected = {
        "engine": ["polyant-engine", "serve"],
        "migrate": ["polyant-engine", "migrate"],
        "web": ["polyant-web", "serve"],
    }

    assert expected[process] == installations.containers(FULLEST)[process]["command"]


@pytest.mark.parametrize(
    ("port", "variable"),
    [("http", "API_PORT"), ("internal", "INTERNAL_PORT"), ("metrics", "METRICS_PORT")],
)
def test_the_engine_listens_where_its_pod_says(port: str, variable: str) -> None:
    ports = installations.containers(FULLEST)["engine"]["ports"]
    numbers = {row["name"]: str(row["containerPort"]) for row in ports}

    assert numbers[port] == told(FULLEST, "engine")[variable]


@pytest.mark.parametrize(("port", "variable"), [("http", "PORT"), ("metrics", "METRICS_PORT")])
def test_the_panel_listens_where_its_pod_says(port: str, variable: str) -> None:
    ports = installations.containers(FULLEST)["web"]["ports"]
    numbers = {row["name"]: str(row["containerPort"]) for row in ports}

    assert numbers[port] == told(FULLEST, "web")[variable]


def test_the_panel_gets_no_credentials_of_the_database() -> None:
    names = told(FULLEST, "web")

    assert [name for name in names if name.startswith(("DATABASE", "POSTGRES", "ENCRYPTION"))] == []


def test_the_models_of_the_spec_reach_the_engine_with_their_keys() -> None:
    variables = told(FULLEST, "engine")
    (model,) = json.loads(variables["MODELS"])

    assert (model["name"], variables[model["apiKeyEnv"]]) == ("main-model", "key")


def test_the_user_may_not_set_what_the_operator_sets() -> None:
    from polyant_operator.api.environment import _RESERVED

    ours = {name for process in PROCESSES for name in told(FULLEST, process)}

    assert set() == {name for name in ours if not _RESERVED.fullmatch(name)}
