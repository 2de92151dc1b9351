"""What a message can carry besides text, as the Bot API shows it; files can be fetched."""

import secrets
from dataclasses import dataclass, field
from typing import Any

LARGEST_DOWNLOAD = 20 * 1024 * 1024


@dataclass
class Files:
    """Files by their id."""

    contents: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def keep(self, path: str, content: bytes, size: int | None = None) -> dict[str, Any]:
        """Store a file; a claimed size lets tests have huge ones."""
        name = "AgAC" + secrets.token_urlsafe(24)
        self.contents[name] = (path.replace("*", name[-8:]), content)
        self.sizes[name] = len(content) if size is None else size
        return {"file_id": name, "file_unique_id": name[-12:], "file_size": self.sizes[name]}

    def photo(self, content: bytes) -> dict[str, Any]:
        """Three sizes, smallest first; the vendor makes them all JPEG."""
        sizes = [(90, 67), (320, 240), (1280, 960)]
        kept = [self.keep("photos/*.jpg", content) for _ in sizes]
        shown = [
            {**one, "width": width, "height": height}
            for one, (width, height) in zip(kept, sizes, strict=True)
        ]
        return {"photo": shown}

    def document(
        self, content: bytes, name: str, mime: str, size: int | None = None
    ) -> dict[str, Any]:
        kept = self.keep(f"documents/{name}", content, size)
        return {"document": {**kept, "file_name": name, "mime_type": mime}}

    def voice(self, content: bytes, seconds: int = 3) -> dict[str, Any]:
        kept = self.keep("voice/*.oga", content)
        return {"voice": {**kept, "duration": seconds, "mime_type": "audio/ogg"}}

    def sticker(self, emoji: str = "🙂") -> dict[str, Any]:
        kept = self.keep("stickers/*.webp", b"RIFF")
        kind = {"type": "regular", "is_animated": False, "is_video": False}
        return {"sticker": {**kept, **kind, "width": 512, "height": 512, "emoji": emoji}}


def location(latitude: float = 52.5, longitude: float = 13.4) -> dict[str, Any]:
    """A place."""
    return {"location": {"latitude": latitude, "longitude": longitude}}
