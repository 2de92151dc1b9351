"""Prices are looked up by a process of their own, so that their data never stays in the engine."""

from decimal import Decimal

import pytest

from polyant_engine.gateway import prices

pytestmark = pytest.mark.integration


async def test_a_known_and_an_unknown_price_are_found_out() -> None:
    known = await prices.find_rates("https://api.openai.com/v1", "gpt-4o")
    unknown = await prices.find_rates("http://127.0.0.1:1/v1", "demo")

    assert known == prices.Rates(input=Decimal("2.5"), output=Decimal(10), cached=Decimal("1.25"))
    assert unknown is None


async def test_a_process_that_fails_is_an_unknown_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "LOOKUP_MODULE", "no.such.module")

    with pytest.raises(ValueError, match=r"unexpected end of data|Input is a zero-length"):
        await prices.find_rates("https://api.openai.com/v1", "gpt-4o")
