"""Refuses to start on a CRD that is absent or older than this operator.

On an older one the API server would drop fields this operator writes and reads, silently. A newer
one is fine: fields are only ever added.
"""

import asyncio
import logging
import re
from typing import Final

from polyant_operator.api import labels
from polyant_operator.kube import errors
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import CRD, INSTANCE

logger = logging.getLogger(__name__)

CRD_NAME: Final = f"{labels.PLURAL}.{labels.GROUP}"
RETRY_SECONDS: Final = 2.0
# As the schema's own description says it; a CRD of before said none.
_REVISION: Final = re.compile(r"Revision (\d+) of this resource")
_CURE: Final = (
    "Install the CRD of this release: `kubectl apply --server-side -k crds/`, or upgrade the Helm chart,"
    " which carries it."
)


class WrongRevision(Exception):
    """The CRD is absent or too old; the message says what to do."""


async def check(client: Client, namespaces: tuple[str, ...]) -> None:
    """Return when the CRD is new enough; wait for an API server that does not answer."""
    while True:
        try:
            return await _check(client, namespaces)
        except errors.Unavailable as error:
            logger.warning("Waiting for the API server: %s", error)
            await asyncio.sleep(RETRY_SECONDS)


async def _check(client: Client, namespaces: tuple[str, ...]) -> None:
    try:
        crd = await client.get(CRD, None, CRD_NAME)
    except errors.NotFound as error:
        raise WrongRevision(f"The CRD {CRD_NAME} is not installed. {_CURE}") from error
    except errors.Forbidden:
        # Rights for namespaces only: no looking at cluster-wide objects.
        await _check_published(client, namespaces)
        return
    text = (crd["metadata"].get("annotations") or {}).get(labels.CRD_REVISION_ANNOTATION, "0")
    _check_revision(int(text) if text.isdigit() else 0)


def _check_revision(revision: int) -> None:
    if revision < labels.CRD_REVISION:
        raise WrongRevision(
            f"The CRD {CRD_NAME} has revision {revision}, this operator needs {labels.CRD_REVISION}. {_CURE}"
        )


async def _check_published(client: Client, namespaces: tuple[str, ...]) -> None:
    """Read the revision off the schema that the API server publishes to everybody who is logged in."""
    try:
        text = await _published(client)
    except (errors.Rejected, KeyError, TypeError) as error:
        logger.warning(
            "The CRD may not be read, nor what the API server publishes of it (%r): its revision is unchecked",
            error,
        )
        await _check_served(client, namespaces)
        return
    found = _REVISION.search(text)
    _check_revision(int(found.group(1)) if found else 0)


async def _published(client: Client) -> str:
    document = await client.request("GET", INSTANCE, f"/openapi/v3/apis/{labels.API_VERSION}")
    for schema in document["components"]["schemas"].values():
        kinds = schema.get("x-kubernetes-group-version-kind") or ()
        if any(each.get("kind") == labels.KIND for each in kinds):
            return str(schema.get("description", ""))
    raise KeyError(labels.KIND)


async def _check_served(client: Client, namespaces: tuple[str, ...]) -> None:
    for namespace in namespaces:
        try:
            async for _ in client.walk(INSTANCE, namespace, chunk=1):
                break
        except errors.NotFound as error:
            raise WrongRevision(f"The CRD {CRD_NAME} is not installed. {_CURE}") from error
