"""Webhooks as Twilio sends them: signed, with connection overrides, then to the fallback.

Overrides are the fragment of the URL: `#rc=2&rp=5xx,rt&rt=5000`. Without them Twilio tries once
more only if no connection came about.
"""

import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urldefrag, urlsplit

from support.vendors.server import Answer, Simulator
from support.vendors.twilio.account import Account
from support.vendors.twilio.signature import signature

READ_MILLISECONDS = 15_000
MOST_RETRIES = 5


@dataclass(frozen=True)
class Overrides:
    """What a fragment says."""

    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})
    read_seconds: float = READ_MILLISECONDS / 1000
    total_seconds: float = READ_MILLISECONDS / 1000

    @classmethod
    def of(cls, fragment: str) -> "Overrides":
        said = dict(parse_qsl(fragment))
        read, total = (
            min(max(int(said.get(name, READ_MILLISECONDS)), 100), READ_MILLISECONDS)
            for name in ("rt", "tt")
        )
        return cls(
            min(int(said.get("rc", 1)), MOST_RETRIES),
            frozenset(said.get("rp", "ct").split(",")),
            read / 1000,
            total / 1000,
        )

    def repeats(self, answer: Answer) -> bool:
        """Tell whether an answer is one that is asked for again."""
        kind = "rt" if answer.error == "timeout" else "ct"
        if answer.status:
            kind = f"{answer.status // 100}xx"
        return bool(self.policy & {kind, "all"}) and not answer.ok


async def post(
    simulator: Simulator, account: Account, url: str, parameters: dict[str, str], operation: str
) -> Answer:
    """Send a webhook, again if the URL's overrides say so."""
    bare, fragment = urldefrag(url)
    bare = bare if urlsplit(bare).path else f"{bare}/"  # what is requested is what is signed
    overrides = Overrides.of(fragment)
    request: dict[str, Any] = {
        "url": bare,
        "data": parameters,
        "headers": {
            "X-Twilio-Signature": signature(account.token, bare, parameters),
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
            "User-Agent": "TwilioProxy/1.1",
        },
    }
    ends = time.monotonic() + overrides.total_seconds
    for attempt in range(overrides.retries + 1):
        seconds = min(overrides.read_seconds, max(ends - time.monotonic(), 0.1))
        answer = await simulator.call_out(operation, account.sid, request, seconds=seconds)
        is_last = attempt == overrides.retries or time.monotonic() >= ends
        if is_last or not overrides.repeats(answer):
            return answer
    raise AssertionError("a range with at least one number")


async def post_with_fallback(
    simulator: Simulator, account: Account, urls: tuple[str, str], parameters: dict[str, str]
) -> Answer:
    """Send an inbound message; if that fails, to the fallback with the reason."""
    url, fallback = urls
    answer = await post(simulator, account, url, parameters, "inbound")
    if answer.ok or not fallback:
        return answer
    reason = {"ErrorCode": "11200", "ErrorUrl": urldefrag(url)[0]}
    return await post(simulator, account, fallback, {**parameters, **reason}, "fallback")
