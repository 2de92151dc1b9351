"""The command `diff`: what the operator would do with resources as they are in a file."""

import asyncio
import logging
from typing import Final

from polyant_operator.api.errors import FieldError, InvalidInstance
from polyant_operator.desired import render
from polyant_operator.handlers import process
from polyant_operator.kube import access as accesses
from polyant_operator.kube import errors
from polyant_operator.kube.kinds import Object
from polyant_operator.kube.rehearsal import Rehearsal
from polyant_operator.reconcile import changes, rehearsing
from polyant_operator.reconcile.rehearsing import Outcome
from polyant_operator.settings import Settings

NO_CHANGE: Final = 0
CHANGES: Final = 1
STOPS: Final = 2


def run(text: str, settings: Settings, namespace: str) -> tuple[int, str]:
    """Compare every instance of a YAML text; gives the exit code and what to print.

    Raises InvalidInstance for a text that is refused and KubeError when the cluster does not answer.
    """
    bodies = [_placed(body, namespace) for body in render.instances(text)]
    # What the steps log is about an operator at work.
    logging.disable(logging.CRITICAL)
    try:
        outcomes = asyncio.run(_outcomes(bodies, settings))
    finally:
        logging.disable(logging.NOTSET)
    return _code(outcomes), "\n".join(changes.text(outcome) for outcome in outcomes)


async def _outcomes(bodies: list[Object], settings: Settings) -> list[Outcome]:
    access = accesses.load(settings.kubeconfig)
    found: list[Outcome] = []
    invalid: list[FieldError] = []
    for body in bodies:
        async with Rehearsal(access, rate=settings.api_requests_per_second) as client:
            tools = rehearsing.of(process.tools(client, settings), client)
            try:
                found.append(await rehearsing.rehearse(body, client, tools))
            except InvalidInstance as error:
                invalid += error.errors
    if invalid:
        raise InvalidInstance(invalid)
    return found


def _placed(body: Object, namespace: str) -> Object:
    metadata = body.get("metadata")
    if not isinstance(metadata, dict):
        return body
    return {**body, "metadata": {"namespace": namespace, **metadata}}


def _code(outcomes: list[Outcome]) -> int:
    if any(outcome.trouble is not None for outcome in outcomes):
        return STOPS
    return CHANGES if any(changes.changes(outcome) for outcome in outcomes) else NO_CHANGE


def explain(error: errors.KubeError) -> str:
    """Say what is missing to compare anything."""
    if isinstance(error, errors.Forbidden):
        return f"{error}\nComparing needs the right to get what the instance consists of, its Secrets too."
    return str(error)
