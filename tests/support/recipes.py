"""The recipes outside Kubernetes, read into the environment that each process would get.

What a person fills in is taken from `SAMPLES`, so that a recipe can be loaded like the real thing.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"

SAMPLES: Mapping[str, str] = {
    "AUTH_INTERNAL_SECRET": "internal-secret-of-the-tests",
    "AUTH_SECRET": "session-secret-of-the-tests-0123456789",
    "BASE_URL": "https://engine.example.com",
    "CORS_ORIGINS": "https://chat.example.com",
    "DATABASE_URL": "postgresql://polyant:secret@postgres:5432/polyant",
    "ENCRYPTION_KEY": "0123456789abcdef" * 4,
    "INITIAL_ADMIN_EMAIL": "ops@example.com",
    "INITIAL_ADMIN_PASSWORD": "a long first password",
    "LOG_LEVEL": "info",
    "MODEL_API_KEY_MAIN": "key",
    "MODELS": '[{"name": "main", "provider": "openai", "apiKeyEnv": "MODEL_API_KEY_MAIN"}]',
    "POLYANT_HOST": "chat.example.com",
    "POSTGRES_PASSWORD": "secret",
}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One process of one recipe."""

    name: str
    process: Literal["engine", "web"]
    command: tuple[str, ...]
    environment: Mapping[str, str]


def recipes() -> tuple[Recipe, ...]:
    return (*compose(), *render(), *fly())


def compose() -> tuple[Recipe, ...]:
    services = compose_file()["services"]
    return tuple(
        Recipe(
            name=f"compose {process}",
            process=process,
            command=tuple(services[process]["command"]),
            environment=_filled(services[process]["environment"]),
        )
        for process in _processes()
    )


def render() -> tuple[Recipe, ...]:
    services = {service["name"]: service for service in render_file()["services"]}
    return tuple(
        Recipe(
            name=f"render {process}",
            process=process,
            command=tuple(services[f"polyant-{process}"]["dockerCommand"].split()),
            environment={
                variable["key"]: _rendered(variable)
                for variable in services[f"polyant-{process}"]["envVars"]
            },
        )
        for process in _processes()
    )


def fly() -> tuple[Recipe, ...]:
    return tuple(
        Recipe(
            name=f"fly {process}",
            process=process,
            command=tuple(fly_file(process)["processes"]["app"].split()),
            environment={
                **fly_file(process)["env"],
                **{name: SAMPLES[name] for name in fly_secrets(process)},
            },
        )
        for process in _processes()
    )


def compose_file() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((EXAMPLES / "compose" / "compose.yaml").read_text())
    return content


def compose_values() -> set[str]:
    """Give the names of the values that the Compose file takes from `.env`."""
    return set(re.findall(r"\$\{([A-Z_]+)", (EXAMPLES / "compose" / "compose.yaml").read_text()))


def compose_example() -> set[str]:
    """Give the names in `.env.example`, also those that are commented out."""
    text = (EXAMPLES / "compose" / ".env.example").read_text()
    return set(re.findall(r"^(?:# )?([A-Z_]+)=", text, re.MULTILINE))


def render_file() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((EXAMPLES / "render" / "render.yaml").read_text())
    return content


def fly_file(process: str) -> dict[str, Any]:
    return tomllib.loads((EXAMPLES / "fly" / f"fly.{process}.toml").read_text())


def fly_secrets(process: str) -> set[str]:
    """Give the secrets that the how-to sets for an app."""
    text = (ROOT / "docs" / "howto" / "fly.md").read_text().replace("\\\n", " ")
    command = re.search(rf"fly secrets set --app polyant-{process} .*", text)
    assert command is not None, f"the how-to sets no secrets for polyant-{process}"
    return set(re.findall(r"\b([A-Z_]+)=", command[0]))


def _processes() -> tuple[Literal["engine", "web"], ...]:
    return ("engine", "web")


def _filled(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: re.sub(r"\$\{([A-Z_]+)[^}]*\}", lambda match: SAMPLES.get(match[1], ""), value)
        for name, value in environment.items()
    }


def _rendered(variable: Mapping[str, Any]) -> str:
    if "value" in variable:
        return str(variable["value"])
    source = variable.get("fromService", {}).get("envVarKey", variable["key"])
    return SAMPLES[source]
