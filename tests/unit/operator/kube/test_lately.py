"""What is the same for every instance is asked once, and never believed when it lacks something."""

import asyncio

import pytest

from polyant_operator.kube import errors, lately
from polyant_operator.kube.lately import Lately

pytestmark = pytest.mark.looptime


class Server:
    """Something that can be asked and takes a second to answer."""

    def __init__(self) -> None:
        self.asked = 0
        self.known: set[str] = set()
        self.broken = False

    async def ask(self) -> frozenset[str]:
        self.asked += 1
        found = frozenset(self.known)
        await asyncio.sleep(1)
        if self.broken:
            raise errors.Unavailable("no answer")
        return found


async def test_a_thousand_who_ask_at_one_time_share_one_question() -> None:
    server = Server()
    server.known = {"contour"}
    answers = Lately(server.ask)

    found = await asyncio.gather(
        *(answers.get(lambda known: "contour" in known) for _ in range(1000))
    )

    assert server.asked == 1
    assert set(found) == {frozenset({"contour"})}


async def test_an_answer_that_lacks_something_is_asked_for_again_at_once() -> None:
    server = Server()
    answers = Lately(server.ask)
    await answers.get(lambda _: True)
    server.known = {"new"}

    assert await answers.get(lambda known: "new" in known) == {"new"}


async def test_who_misses_something_together_asks_once_together() -> None:
    server = Server()
    answers = Lately(server.ask)
    await answers.get(lambda _: True)

    await asyncio.gather(*(answers.get(lambda _: False) for _ in range(100)))

    assert server.asked == 2


async def test_an_answer_grows_old() -> None:
    server = Server()
    answers = Lately(server.ask)
    await answers.get(lambda _: True)

    await asyncio.sleep(lately.SECONDS)
    await answers.get(lambda _: True)

    assert server.asked == 2


async def test_a_failure_is_not_remembered() -> None:
    server = Server()
    server.broken = True
    answers = Lately(server.ask)
    with pytest.raises(errors.Unavailable):
        await answers.get(lambda _: True)
    server.broken = False

    assert await answers.get(lambda _: True) == frozenset()
