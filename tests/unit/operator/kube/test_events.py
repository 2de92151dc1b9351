"""Events: each once an hour, and few of them."""

from datetime import UTC, datetime

from typing_extensions import override

from polyant_operator.kube import errors
from polyant_operator.kube.access import Access
from polyant_operator.kube.client import Client
from polyant_operator.kube.events import Recorder
from polyant_operator.kube.kinds import Object

ABOUT: Object = {
    "apiVersion": "polyant.ai/v1alpha1",
    "kind": "PolyantInstance",
    "metadata": {"name": "acme", "namespace": "ns", "uid": "u"},
}


class Server(Client):
    """Takes events, or refuses them."""

    def __init__(self) -> None:
        super().__init__(Access(server="http://unused"))
        self.events: list[Object] = []
        self.refuses = False

    @override
    async def create(self, manifest: Object) -> Object:
        if self.refuses:
            raise errors.Forbidden("no", 403)
        self.events.append(manifest)
        return manifest


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def recorder(server: Server, clock: Clock) -> Recorder:
    return Recorder(server, clock, lambda: datetime(2026, 1, 1, tzinfo=UTC))


async def test_the_same_words_are_said_once_an_hour() -> None:
    server, clock = Server(), Clock()
    voice = recorder(server, clock)
    for _ in range(3):
        await voice.say(ABOUT, "Normal", "Ready", "words")
    assert len(server.events) == 1

    clock.now = 3601
    await voice.say(ABOUT, "Normal", "Ready", "words")

    assert len(server.events) == 2
    assert server.events[0]["involvedObject"]["uid"] == "u"


async def test_the_same_words_become_news_when_they_become_a_warning() -> None:
    server = Server()
    voice = recorder(server, Clock())
    for kind in ("Normal", "Warning", "Warning"):
        await voice.say(ABOUT, kind, "SecretMissing", "words")

    assert [event["type"] for event in server.events] == ["Normal", "Warning"]


async def test_an_object_says_ten_things_an_hour_at_most() -> None:
    server, clock = Server(), Clock()
    voice = recorder(server, clock)

    for number in range(30):
        await voice.say(ABOUT, "Warning", "Reason", f"words {number}")

    assert len(server.events) == 10


async def test_an_event_that_cannot_be_posted_disturbs_nothing() -> None:
    server = Server()
    server.refuses = True

    assert await recorder(server, Clock()).say(ABOUT, "Normal", "Ready", "words")


async def test_a_long_message_is_cut_to_what_an_event_may_hold() -> None:
    server = Server()

    await recorder(server, Clock()).say(ABOUT, "Normal", "Ready", "x" * 5000)

    assert len(server.events[0]["message"]) <= 1024
