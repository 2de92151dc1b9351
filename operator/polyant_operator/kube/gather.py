"""Reads the parts of an instance's world that no watch brings: Secrets by name, pods, classes.

Secrets are read one by one by name: memory then does not depend on what else lives in a namespace.
Only those that the operator generated are listed, once at its start (`read_ahead`).
"""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any

from polyant_operator.api import labels
from polyant_operator.kube import errors
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import INGRESS_CLASS, POD, SECRET, Object, Ref
from polyant_operator.kube.read_ahead import ReadAhead


async def in_order(*reads: Awaitable[Any]) -> list[Any]:
    """What all of them read, at one time; of several failures the first in this order.

    Not the first in time: the same trouble is then told in the same words, pass after pass.
    """
    answers = await asyncio.gather(*reads, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers


async def secrets(
    client: Client, ahead: ReadAhead, namespace: str, names: Iterable[str]
) -> dict[str, Object]:
    """The Secrets of these names that exist."""
    wanted = sorted(set(names))
    known = {name: ahead.take(namespace, name) for name in wanted}
    unknown = [name for name, secret in known.items() if secret is None]
    asked = await in_order(*(client.find(SECRET, namespace, name) for name in unknown))
    known |= dict(zip(unknown, asked, strict=True))
    return {name: secret for name, secret in known.items() if secret is not None}


async def pods(client: Client, namespace: str, instance: str) -> tuple[Object, ...]:
    """All pods of an instance, oldest first."""
    selector = f"{labels.INSTANCE}={instance},{labels.NAME}={labels.APPLICATION}"
    found = [pod async for pod in client.walk(POD, namespace, labels=selector)]
    return tuple(sorted(found, key=lambda pod: str(pod["metadata"].get("creationTimestamp"))))


async def ingress_classes(client: Client) -> tuple[Object, ...] | None:
    """The cluster's IngressClasses, or None where the operator may only see namespaces."""
    try:
        return tuple([each async for each in client.walk(INGRESS_CLASS)])
    except (errors.Forbidden, errors.NotFound):
        return None


async def existing(client: Client, refs: Iterable[Ref]) -> dict[Ref, Object]:
    """Which of these objects exist, asked one by one: for names that no watch has shown."""
    wanted = sorted(set(refs))
    found = await in_order(*(client.find(ref.kind, ref.namespace, ref.name) for ref in wanted))
    return {ref: obj for ref, obj in zip(wanted, found, strict=True) if obj is not None}
