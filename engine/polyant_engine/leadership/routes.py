"""Who leads, over HTTP: what the system page of the panel shows, and the planned hand-over."""

import orjson
from starlette.responses import Response

from polyant_engine.core.calls import Call
from polyant_engine.core.permissions import Permission
from polyant_engine.core.routing import Endpoint, needs
from polyant_engine.leadership.service import Leadership


class LeadershipRoutes:
    """The endpoints."""

    def __init__(self, leadership: Leadership) -> None:
        self._leadership = leadership

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return them for the router."""
        access = needs(Permission.INSTALLATION_MANAGE)
        return (Endpoint("GET", "/api/system/leadership", self.show, access),)

    async def show(self, _: Call) -> Response:
        """Show what the replica that answers knows: each has its own view."""
        return Response(orjson.dumps(self._leadership.describe()), media_type="application/json")
