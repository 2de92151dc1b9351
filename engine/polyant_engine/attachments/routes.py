"""`GET /api/attachments/<id>`: a kept file, for who may read conversations."""

import uuid

from starlette.responses import Response

from polyant_engine.attachments.model import SHOWN
from polyant_engine.attachments.service import Attachments
from polyant_engine.core import errors
from polyant_engine.core.calls import Call
from polyant_engine.core.permissions import Permission
from polyant_engine.core.routing import Endpoint, needs

_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    # By content: it never changes, and nobody else may keep it.
    "cache-control": "private, max-age=31536000, immutable",
}


class AttachmentRoutes:
    """The handler; without a bucket there is nothing to find."""

    def __init__(self, attachments: Attachments | None) -> None:
        self._attachments = attachments

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return what this feature serves."""
        read = needs(Permission.CONVERSATION_READ)
        return (Endpoint("GET", "/api/attachments/{id}", self.show, read),)

    async def show(self, call: Call) -> Response:
        """Give a file: images in place, everything else as a download."""
        found = await self._attachments.open(_id(call)) if self._attachments else None
        if found is None:
            raise errors.NotFound("There is no such attachment.")
        attachment, content = found
        way = "inline" if attachment.media_type in SHOWN else "attachment"
        headers = {**_HEADERS, "content-disposition": way}
        return Response(content, headers=headers, media_type=attachment.media_type)


def _id(call: Call) -> uuid.UUID:
    try:
        return uuid.UUID(call.path("id"))
    except ValueError:
        raise errors.NotFound("There is no such attachment.") from None
