"""Costs are exact, unknown prices stay unknown."""

from decimal import Decimal

from polyant_engine.gateway import ports, price_lookup, prices

RATES = prices.Rates(input=Decimal("2.5"), output=Decimal(10), cached=Decimal("1.25"))
TARGET = ports.Target(provider="main", base_url="https://x/v1", model="m", api_key=None)


def test_cached_tokens_cost_their_own_rate() -> None:
    usage = ports.Usage(input_tokens=1000, output_tokens=500, cached_tokens=200)

    assert RATES.cost(usage) == Decimal("0.00725000")


def test_a_known_model_has_rates() -> None:
    assert price_lookup.find("https://api.openai.com/v1", "gpt-4o") == {
        "input": "2.5",
        "output": "10",
        "cached": "1.25",
    }


def test_an_unknown_model_or_server_has_none() -> None:
    assert price_lookup.find("https://api.openai.com/v1", "no-such-model") is None
    assert price_lookup.find("http://demo-model:8081/v1", "gpt-4o") is None


async def test_a_model_is_looked_up_once() -> None:
    asked: list[str] = []

    async def find(_: str, model: str) -> prices.Rates | None:
        asked.append(model)
        return RATES

    book = prices.PriceBook(find)

    assert [await book.ask(TARGET), await book.ask(TARGET)] == [RATES, RATES]
    assert asked == ["m"]


async def test_a_failed_look_up_is_an_unknown_price() -> None:
    async def find(_: str, __: str) -> prices.Rates | None:
        raise OSError("no processes left")

    assert await prices.PriceBook(find).ask(TARGET) is None
