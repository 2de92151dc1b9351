"""The body of a request that sends something: whether it was begun decides what a failure means.

aiohttp keeps the headers back until the first byte of the body, so this is the last place before
the socket, behind the connection and every wait for one: here the permit is checked. What failed
before is `Refused`, for nothing was written; what failed after it is `Unknown`.
"""

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import BytesPayload
from typing_extensions import override

from polyant_engine.channels.ports import Permit, PermitExpired


class PermittedBody(BytesPayload):
    """Bytes that are written if the permit holds at that moment."""

    def __init__(self, value: bytes, permit: Permit | None, content_type: str) -> None:
        super().__init__(value, content_type=content_type)
        self._permit = permit
        self.is_begun = False
        self.expired: PermitExpired | None = None

    @override
    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write the whole body, headers in front."""
        if self._permit is not None:
            try:
                self._permit.check()
            except PermitExpired as expired:
                self.expired = expired
                raise
        self.is_begun = True
        await super().write_with_length(writer, content_length)
