"""What came with a turn is kept once per content, and a loss is counted."""

import uuid
from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from polyant_engine.attachments.model import Attachment
from polyant_engine.attachments.ports import StorageUnavailable
from polyant_engine.attachments.service import Attachments
from polyant_engine.gateway.ports import Image

AGENT, TURN = uuid.uuid4(), uuid.uuid4()
PNG = Image(media_type="image/png", data=b"png")
GIF = Image(media_type="image/gif", data=b"gif")


class Shelf:
    """A bucket and its rows in memory."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.contents: dict[str, bytes] = {}
        self.rows: dict[uuid.UUID, Attachment] = {}
        self.is_away = is_away

    async def put(self, key: str, content: bytes, media_type: str) -> None:
        assert media_type
        if self.is_away:
            raise StorageUnavailable("away")
        self.contents[key] = content

    async def get(self, key: str) -> bytes | None:
        return self.contents.get(key)

    async def add(self, attachments: Sequence[Attachment]) -> None:
        self.rows |= {each.id: each for each in attachments}

    async def find(self, attachment_id: uuid.UUID) -> Attachment | None:
        return self.rows.get(attachment_id)


def counted(registry: CollectorRegistry, outcome: str) -> float:
    return registry.get_sample_value("polyant_attachments_total", {"outcome": outcome}) or 0


async def test_the_same_picture_twice_is_one_object() -> None:
    shelf, registry = Shelf(), CollectorRegistry()

    await Attachments(shelf, shelf, registry).keep(AGENT, TURN, [PNG, GIF, PNG])

    assert sorted(shelf.contents.values()) == [b"gif", b"png"]
    assert all(key.startswith(f"attachments/{AGENT}/") for key in shelf.contents)
    assert counted(registry, "kept") == 2


async def test_a_kept_picture_is_given_back() -> None:
    shelf = Shelf()
    attachments = Attachments(shelf, shelf, CollectorRegistry())
    await attachments.keep(AGENT, TURN, [PNG])
    (row,) = shelf.rows.values()

    assert await attachments.open(row.id) == (row, b"png")
    assert await attachments.open(uuid.uuid4()) is None


async def test_a_bucket_that_is_away_loses_the_picture_and_says_so() -> None:
    shelf, registry = Shelf(is_away=True), CollectorRegistry()

    await Attachments(shelf, shelf, registry).keep(AGENT, TURN, [PNG])

    assert not shelf.rows
    assert counted(registry, "lost") == 1
