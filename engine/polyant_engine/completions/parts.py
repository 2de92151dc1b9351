"""Read the content of a message: a string, or parts of text and images.

Images come inside the request as data URLs. An address is refused, because fetching it would let
any caller send this server anywhere; what an image is, its first bytes decide, not its label.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from re import compile as pattern
from typing import Any, Final

from polyant_engine.gateway.ports import Image

MOST_IMAGES: Final = 8  # of one message
LARGEST_IMAGE: Final = 5 * 1024 * 1024  # bytes; what providers take
_URL: Final = pattern(r"data:(image/[a-z+.-]+);base64,([A-Za-z0-9+/=\s]*)")
_MAGIC: Final[Mapping[str, tuple[bytes, bytes]]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n", b""),
    "image/jpeg": (b"\xff\xd8\xff", b""),
    "image/gif": (b"GIF8", b""),
    "image/webp": (b"RIFF", b"WEBP"),  # between them stands the length, 4 bytes
}


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says and shows."""

    text: str = ""
    images: Sequence[Image] = ()


def read(content: Any) -> Content:
    """Read content; raise ValueError naming the part that is wrong."""
    if isinstance(content, str):
        return Content(content)
    if isinstance(content, Content):
        return content
    if content is None:  # an assistant message that only called tools
        return Content()
    if not isinstance(content, list):
        raise ValueError("must be a string or a list of parts")  # noqa: TRY004  pydantic wants it
    found = [_part(at, part) for at, part in enumerate(content)]
    images = tuple(each for each in found if isinstance(each, Image))
    if len(images) > MOST_IMAGES:
        raise ValueError(f"holds {len(images)} images; at most {MOST_IMAGES} are accepted")
    return Content("".join(each for each in found if isinstance(each, str)), images)


def _part(at: int, part: Any) -> str | Image:
    kind = part.get("type") if isinstance(part, dict) else type(part).__name__
    if kind == "text":
        return _text(at, part.get("text"))
    if kind == "image_url":
        return _image(at, part.get("image_url"))
    raise ValueError(
        f"part {at} is {kind!r}; only parts of type 'text' and 'image_url' are supported"
    )


def _text(at: int, text: Any) -> str:
    if not isinstance(text, str):
        raise ValueError(f"part {at} needs a string as its text")  # noqa: TRY004  pydantic wants it
    return text


def _image(at: int, given: Any) -> Image:
    url = given.get("url") if isinstance(given, dict) else given
    match = _URL.fullmatch(url) if isinstance(url, str) else None
    if match is None:
        raise ValueError(
            f"part {at} needs an image as a data URL: data:image/png;base64,... "
            "(addresses are not fetched)"
        )
    try:
        data = base64.b64decode(match[2], validate=False)
    except binascii.Error:
        raise ValueError(f"part {at} is not valid base64") from None
    if len(data) > LARGEST_IMAGE:
        raise ValueError(
            f"part {at} has {len(data)} bytes; an image may have {LARGEST_IMAGE}, make it smaller"
        )
    return Image(media_type=_type_of(at, data), data=data)


def _type_of(at: int, data: bytes) -> str:
    for media_type, (start, later) in _MAGIC.items():
        if data.startswith(start) and data[8 : 8 + len(later)] == later:
            return media_type
    raise ValueError(f"part {at} is no image; PNG, JPEG, GIF and WebP are accepted")
