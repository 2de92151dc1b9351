"""What is read at one time fails in one order."""

import asyncio

import pytest

from polyant_operator.kube import errors, gather


async def refused_after(seconds: float, name: str) -> None:
    await asyncio.sleep(seconds)
    raise errors.Forbidden(f"{name} may not be read", 403)


async def test_of_several_refusals_the_first_by_name_is_told_whoever_answers_first() -> None:
    with pytest.raises(errors.Forbidden, match=r"^a may not"):
        await gather.in_order(refused_after(0.01, "a"), refused_after(0, "b"))


async def test_what_was_read_comes_in_the_order_in_which_it_was_asked_for() -> None:
    later, sooner = asyncio.sleep(0.01, "a"), asyncio.sleep(0, "b")

    assert await gather.in_order(later, sooner) == ["a", "b"]
