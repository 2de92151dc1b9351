"""What the operator generates is what its containers refer to, and what the processes accept."""

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as some

from polyant_engine import settings as engine
from polyant_operator.api import instance as instances
from polyant_operator.desired import secrets
from polyant_web import settings as web
from support import installations
from support.environment import PROCESSES, Process
from support.installations import SMALLEST

LOAD = {"engine": engine.load, "migrate": engine.load_migration, "web": web.load}


def generated(random: bytes) -> dict[tuple[str, str], str]:
    """Give the values by Secret and key."""
    instance = instances.parse(SMALLEST)
    objects = [secrets.creation(instance, secret, random) for secret in secrets.wanted(instance)]
    return {
        (found["metadata"]["name"], key): b64decode(value).decode()
        for found in objects
        for key, value in found["data"].items()
    }


def references(process: Process) -> dict[str, tuple[str, str]]:
    """Give what a container refers to, by the variable."""
    variables = installations.containers(SMALLEST)[process]["env"]
    found = {
        variable["name"]: variable.get("valueFrom", {}).get("secretKeyRef")
        for variable in variables
    }
    return {name: (row["name"], row["key"]) for name, row in found.items() if row is not None}


@pytest.mark.parametrize("process", PROCESSES)
def test_every_reference_leads_to_a_generated_key(process: Process) -> None:
    known = generated(bytes(secrets.RANDOM_BYTES))

    assert set(references(process).values()) <= set(known)


@pytest.mark.parametrize("process", PROCESSES)
@given(random=some.binary(min_size=secrets.RANDOM_BYTES, max_size=secrets.RANDOM_BYTES))
def test_every_generated_value_is_accepted(process: Process, random: bytes) -> None:
    known = generated(random)
    told = installations.environment(installations.containers(SMALLEST)[process])
    values = {name: known[reference] for name, reference in references(process).items()}

    LOAD[process]({"KUBERNETES_SERVICE_HOST": "10.96.0.1"} | told | values)
