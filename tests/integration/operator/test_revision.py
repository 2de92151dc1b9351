"""An operator for namespaces only, which may not read CRDs, still knows whether its CRD is too old."""

from collections.abc import AsyncIterator

import pytest

from polyant_operator.api import labels
from polyant_operator.handlers import revision
from polyant_operator.handlers.revision import WrongRevision
from polyant_operator.kube.access import Access, impersonating
from polyant_operator.kube.client import Client
from support import apiserver

pytestmark = pytest.mark.integration


@pytest.fixture
async def nobody(server: apiserver.ApiServer) -> AsyncIterator[Client]:
    """Somebody who is logged in and has no rights of their own."""
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
