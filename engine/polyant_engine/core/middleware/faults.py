"""Turn what was raised into a response; the process boundary of a request.

Once a response has started nothing can be said any more: the connection is closed by letting the
error out, so that a client never takes a torn answer for a whole one.
"""

import logging

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polyant_engine.core import errors, problems

_log = logging.getLogger(__name__)
_SERVER_FAULT = 500


class Faults:
    """Catches errors around the router."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or explain why not."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as raised:
            error = known(raised)
            if started:
                _log.exception("a response broke off")
                raise
            await problems.response(error, scope["path"])(scope, receive, send)


def known(raised: Exception) -> errors.PolyantError:
    """Return the error of our tree that stands for what was raised, and log what is our fault."""
    if isinstance(raised, HTTPException):
        return errors.NotFound("Nothing is at this path.")  # the router raises no other
    if not isinstance(raised, errors.PolyantError):
        _log.error("unexpected error", exc_info=raised)
        return problems.unexpected()
    if raised.status >= _SERVER_FAULT:
        _log.warning("%s", raised.message, exc_info=raised.__cause__)
    return raised
