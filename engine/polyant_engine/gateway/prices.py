"""What a call costs, from the price data inside the `genai-prices` wheel.

That data takes half a second and 84 MiB to load, which an engine would keep for ever after one
question. So a short-lived process answers it (`gateway.price_lookup`), once per model and beside
the first call of that model; what remains for the event loop is three multiplications.
An unknown model costs None, never 0.
"""

import asyncio
import logging
import sys
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal

import orjson

from polyant_engine.gateway import ports

MAX_MODELS = 500
LOOKUP_SECONDS = 30
LOOKUP_MODULE = "polyant_engine.gateway.price_lookup"
PER_MILLION = Decimal(1_000_000)
STEP = Decimal("0.00000001")  # the scale of the column

log = logging.getLogger(__name__)
Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """USD per million tokens."""

    input: Decimal
    output: Decimal
    cached: Decimal

    def cost(self, usage: ports.Usage) -> Decimal:
        """Return what a usage costs."""
        fresh = usage.input_tokens - usage.cached_tokens
        total = (
            self.input * fresh
            + self.cached * usage.cached_tokens
            + self.output * usage.output_tokens
        )
        return (total / PER_MILLION).quantize(STEP)


Finder = Callable[[str, str], Awaitable[Rates | None]]


class PriceBook:
    """Rates by (base URL, model), remembered whether known or not."""

    def __init__(self, find: Finder | None = None) -> None:
        self._find = find or find_rates
        self._known: OrderedDict[Key, asyncio.Task[Rates | None]] = OrderedDict()

    def ask(self, target: ports.Target) -> "asyncio.Task[Rates | None]":
        """Start the look-up of a target's model, unless that was done before."""
        key = (target.base_url, target.model)
        if key not in self._known:
            self._known[key] = asyncio.create_task(self._safely(key))
            if len(self._known) > MAX_MODELS:
                self._known.popitem(last=False)
        return self._known[key]

    async def _safely(self, key: Key) -> Rates | None:
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                return await self._find(*key)
        except (OSError, ValueError) as error:
            log.warning("no price for model %s: %s", key[1], error)
            return None


async def find_rates(base_url: str, model: str) -> Rates | None:
    """Ask a process that loads the price data and goes away again."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", LOOKUP_MODULE, base_url, model),
        stdout=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.DEVNULL,
        env={},  # it needs no secret of ours
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return _read(output)


def _read(output: bytes) -> Rates | None:
    found = orjson.loads(output)
    if found is None:
        return None
    return Rates(**{name: Decimal(found[name]) for name in ("input", "output", "cached")})
