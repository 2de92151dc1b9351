"""Addresses that lead nowhere, in the same clothes as everything else."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from polyant_web.pages.visit import Visit


async def show(_: Visit) -> Response:
    """Say that nothing is here."""
    raise HTTPException(404)


async def home(visit: Visit) -> Response:
    """Go to the first page."""
    return visit.go("/agents")
