"""Engine, panel and scripted model as programs: command and environment of each.

The environments are built from nothing but what is written here, so that a variable that happens to
be set in the terminal cannot change the trial. `tests/unit/contract` holds the names to the table
of variables that each process reads.
"""

import json
import os
import sys
from dataclasses import dataclass

from dev.trial import database, ports
from dev.trial.child import Program
from dev.trial.keys import Keys
from dev.trial.state import State

ADMIN = "administrator@local"
MODEL = "demo"


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Every port of one run."""

    web: int
    engine: int
    model: int
    internal: int
    engine_metrics: int
    web_metrics: int
    database: int


def address(port: int) -> str:
    """Return the URL of a port on this machine."""
    return f"http://{ports.HOST}:{port}"


def engine_environment(state: State, keys: Keys, ports_: Ports) -> dict[str, str]:
    """Return what `polyant-engine serve` is told."""
    return {
        "NODE_ENV": "development",
        "LISTEN_ADDRESS": ports.HOST,
        "API_PORT": str(ports_.engine),
        "INTERNAL_PORT": str(ports_.internal),
        "METRICS_PORT": str(ports_.engine_metrics),
        "DATABASE_URL": database.url(keys, ports_.database),
        "ENCRYPTION_KEY": keys.encryption_key,
        "AUTH_SECRET": keys.auth_secret,
        "AUTH_INTERNAL_SECRET": keys.auth_internal_secret,
        "INITIAL_ADMIN_EMAIL": ADMIN,
        "INITIAL_ADMIN_PASSWORD_FILE": str(state.first_password.resolve()),
        "BASE_URL": address(ports_.engine),
        "CORS_ORIGINS": address(ports_.web),
        "MODELS": json.dumps([_model(ports_)]),
        "MODEL_API_KEY_DEMO": "not-needed",
        "MODEL_PRIVATE_HOSTS": f"{ports.HOST}:{ports_.model}",
    }


def web_environment(keys: Keys, ports_: Ports) -> dict[str, str]:
    """Return what `polyant-web serve` is told."""
    return {
        "NODE_ENV": "development",
        "LISTEN_ADDRESS": ports.HOST,
        "PORT": str(ports_.web),
        "METRICS_PORT": str(ports_.web_metrics),
        "AUTH_SECRET": keys.auth_secret,
        "AUTH_INTERNAL_SECRET": keys.auth_internal_secret,
        "INTERNAL_ENGINE_URL": address(ports_.internal),
        "NEXT_PUBLIC_API_URL": address(ports_.engine),
    }


def engine(state: State, keys: Keys, ports_: Ports) -> Program:
    """Return the engine, which migrates the database first."""
    return _program("engine", ("polyant_engine", "serve"), engine_environment(state, keys, ports_))


def web(keys: Keys, ports_: Ports) -> Program:
    """Return the panel."""
    return _program("web", ("polyant_web", "serve"), web_environment(keys, ports_))


def model(ports_: Ports) -> Program:
    """Return the scripted model."""
    arguments = (
        "polyant_engine",
        "demo-model",
        f"--port={ports_.model}",
        f"--address={ports.HOST}",
    )
    return _program("model", arguments, {})


def _model(ports_: Ports) -> dict[str, str]:
    return {
        "name": MODEL,
        "provider": "openai",
        "baseUrl": f"{address(ports_.model)}/v1",
        "apiKeyEnv": "MODEL_API_KEY_DEMO",
    }


def _program(name: str, module: tuple[str, ...], variables: dict[str, str]) -> Program:
    surroundings = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONUNBUFFERED": "1"}
    return Program(
        name=name,
        argv=(sys.executable, "-m", *module),
        environment={**surroundings, **variables},
    )
