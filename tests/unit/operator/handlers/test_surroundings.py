"""What changes around all instances is carried out once, also when carrying it out fails first."""

import asyncio

import pytest

from polyant_operator.handlers.surroundings import follow
from polyant_operator.kube import errors

pytestmark = pytest.mark.looptime


class Around:
    """Something that may have changed, and the work that follows from it."""

    def __init__(self) -> None:
        self.changed = False
        self.fails = 0
        self.worked: list[float] = []

    async def ask(self) -> bool:
        changed, self.changed = self.changed, False
        return changed

    async def work(self) -> None:
        if self.fails:
            self.fails -= 1
            raise errors.Unavailable("503")
        self.worked.append(asyncio.get_running_loop().time())


async def test_a_change_is_carried_out_once() -> None:
    around, still = Around(), Around()
    task = asyncio.create_task(follow((around.ask, still.ask), around.work, 60))
    await asyncio.sleep(130)
    assert around.worked == []

    around.changed = True
    await asyncio.sleep(300)

    task.cancel()
    assert around.worked == [180]


async def test_a_change_that_could_not_be_carried_out_is_not_forgotten() -> None:
    around = Around()
    around.changed, around.fails = True, 2
    task = asyncio.create_task(follow((around.ask,), around.work, 60))

    await asyncio.sleep(400)

    task.cancel()
    assert around.worked == [180]
