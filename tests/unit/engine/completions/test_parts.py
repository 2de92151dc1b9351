"""Content is text, or parts of text and images; whatever else comes is named."""

import base64
from typing import Any

import pytest

from polyant_engine.completions import parts
from polyant_engine.completions.parts import LARGEST_IMAGE, Content
from polyant_engine.gateway.ports import Image

PNG = b"\x89PNG\r\n\x1a\n" + b"rest"
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 "


def picture(data: bytes, label: str = "image/png") -> dict[str, Any]:
    url = f"data:{label};base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url, "detail": "low"}}


def test_text_and_images_keep_their_order_each() -> None:
    content = [{"type": "text", "text": "a"}, picture(PNG), {"type": "text", "text": "b"}]

    assert parts.read(content) == Content("ab", (Image(media_type="image/png", data=PNG),))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (WEBP, "image/webp"),
    ],
)
def test_the_first_bytes_say_what_an_image_is_whatever_its_label(data: bytes, kind: str) -> None:
    found = parts.read([picture(data, "image/x-anything")])

    assert [image.media_type for image in found.images] == [kind]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([picture(b"<svg onload=alert(1)>", "image/svg+xml")], "part 0 is no image"),
        ([picture(b"RIFF....AVI ")], "part 0 is no image"),
        ([picture(b"")], "part 0 is no image"),
        ([{"type": "text", "text": "x"}, {"type": "input_audio"}], "part 1 is 'input_audio'"),
        ([{"type": "image_url"}], "data URL"),
        ([{"type": "image_url", "image_url": {"url": "https://x/a.png"}}], "are not fetched"),
        ([{"type": "image_url", "image_url": {"url": "data:image/png,x"}}], "data URL"),
        ([{"type": "image_url", "image_url": {"url": "data:image/png;base64,A"}}], "not valid"),
        ([picture(PNG + bytes(LARGEST_IMAGE))], "make it smaller"),
        ([picture(PNG)] * 9, "at most 8"),
        (["x"], "part 0 is 'str'"),
        ([{"type": "text", "text": 1}], "needs a string"),
        (1, "a string or a list"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(content: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parts.read(content)
