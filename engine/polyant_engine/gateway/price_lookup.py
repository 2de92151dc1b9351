"""Print the rates of one model as JSON: `python -m polyant_engine.gateway.price_lookup URL MODEL`.

Only this module imports the price data; `gateway.prices` says why it is a process of its own.
"""

import sys
from typing import Any

import genai_prices
import orjson


def find(base_url: str, model: str) -> dict[str, str] | None:
    """Return USD per million tokens, or None for a model without a known price."""
    usage = genai_prices.Usage(input_tokens=1, output_tokens=1)
    try:
        found = genai_prices.calc_price(usage, model_ref=model, provider_api_url=base_url)
    except LookupError:
        return None
    price = found.model_price
    rates = {"input": _base(price.input_mtok), "output": _base(price.output_mtok)}
    rates["cached"] = _base(price.cache_read_mtok) or rates["input"]
    known = {name: rate for name, rate in rates.items() if rate is not None}
    return known if len(known) == len(rates) else None


def _base(price: Any) -> str | None:
    """Return a flat price; of tiers, the first, which nearly every call falls into."""
    flat = getattr(price, "base", price)
    return None if flat is None else str(flat)


if __name__ == "__main__":
    sys.stdout.write(orjson.dumps(find(*sys.argv[1:3])).decode())
