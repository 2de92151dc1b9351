"""An operator for namespaces only, which may not read CRDs, still knows whether its CRD is too old."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from polyant_operator.api import labels
from polyant_operator.handlers import revision
from polyant_operator.handlers.revision import WrongRevision
from polyant_operator.kube.access import Access, impersonating
from polyant_operator.kube.client import Client
from support import apiserver
from support.operator_process import eventually

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def nobody(server: apiserver.ApiServer) -> AsyncIterator[Client]:
    """Somebody who is logged in and has no rights of their own."""
    published = ("get", "--raw", f"/openapi/v3/apis/{labels.API_VERSION}")
    eventually(lambda: server.try_kubectl(*published).returncode == 0, "the schema is published")
    admin = Access(server=server.url, ca_file=str(server.ca_file), token=server.token)
    async with Client(impersonating(admin, "nobody")) as client:
        yield client


async def test_the_revision_of_this_release_is_enough(nobody: Client) -> None:
    await revision.check(nobody, ("default",))


async def test_an_older_revision_is_refused(
    nobody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "CRD_REVISION", labels.CRD_REVISION + 1)

    with pytest.raises(WrongRevision, match=f"has revision {labels.CRD_REVISION - 1}"):
        await revision.check(nobody, ("default",))


async def test_the_command_that_is_advised_works(
    server: apiserver.ApiServer, nobody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "CRD_REVISION", labels.CRD_REVISION + 1)
    monkeypatch.chdir(ROOT)
    with pytest.raises(WrongRevision) as refusal:
        await revision.check(nobody, ("default",))

    (command,) = re.findall("`kubectl (.+?)`", str(refusal.value))
    server.kubectl(*command.split())
