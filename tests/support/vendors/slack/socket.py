"""One WebSocket of Socket Mode."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

MOST_SOCKETS = 10
TICKET_SECONDS = 30
LIFETIME_SECONDS = 3600
WARNING_SECONDS = 10


@dataclass(eq=False)
class Socket:
    """An open connection and the envelopes on it that wait for their acknowledgement."""

    number: int
    web: web.WebSocketResponse
    waiting: dict[str, "asyncio.Future[None]"] = field(default_factory=dict)
    is_leaving: bool = False  # told to go; gets no events any more

    async def send(self, message: dict[str, Any]) -> bool:
        with contextlib.suppress(ConnectionError, RuntimeError):
            await self.web.send_json(message)
            return True
        return False

    def expect(self, envelope: str) -> "asyncio.Future[None]":
        """Wait for an acknowledgement; it never comes once the socket is closed."""
        self.waiting[envelope] = asyncio.get_running_loop().create_future()
        return self.waiting[envelope]

    def acknowledge(self, envelope: str) -> bool:
        """Take an acknowledgement; False = of nothing that was sent here."""
        future = self.waiting.pop(envelope, None)
        if future is None:
            return False
        if not future.done():
            future.set_result(None)
        return True
