"""The answers in OpenAI's wire format."""

import secrets
from dataclasses import dataclass
from typing import Any

import orjson

from polyant_engine.core import problems
from polyant_engine.core.errors import PolyantError
from polyant_engine.gateway import ports as gateway

DONE = b"data: [DONE]\n\n"
PING = b": ping\n\n"
ID_BYTES = 12
NO_USAGE = gateway.Usage(input_tokens=0, output_tokens=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """What every object of one answer repeats."""

    id: str
    created: int
    model: str

    def wrap(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        """Build an object of the answer."""
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }


def new_envelope(model: str, now: float) -> Envelope:
    """Start an answer."""
    return Envelope(id=f"chatcmpl-{secrets.token_hex(ID_BYTES)}", created=int(now), model=model)


def completion(
    envelope: Envelope, text: str, finish_reason: str, usage: gateway.Usage | None
) -> bytes:
    """Return a whole answer."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    body = envelope.wrap("chat.completion", [choice])
    return orjson.dumps(body | {"usage": usage_object(usage)})


def usage_object(usage: gateway.Usage | None) -> dict[str, Any]:
    """Return token counts."""
    usage = usage or NO_USAGE
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


class Chunks:
    """The events of one streamed answer."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope
        # Text is most of a stream, so all of its event but the text is built once.
        marker = orjson.dumps("\x00")
        whole = self._chunk({"content": "\x00"}, None)
        self._before, _, self._after = whole.partition(marker)

    def opening(self) -> bytes:
        """Return the event that names the role."""
        return self._chunk({"role": "assistant", "content": ""}, None)

    def text(self, text: str) -> bytes:
        """Return an event with a piece of the answer."""
        return self._before + orjson.dumps(text) + self._after

    def closing(
        self, finish_reason: str, usage: gateway.Usage | None, *, with_usage: bool
    ) -> bytes:
        """Return the last events of a committed answer."""
        events = self._chunk({}, finish_reason)
        if with_usage:
            body = self._envelope.wrap("chat.completion.chunk", [])
            events += _event(body | {"usage": usage_object(usage)})
        return events + DONE

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return _event(self._envelope.wrap("chat.completion.chunk", [choice]))


def failure(error: PolyantError) -> bytes:
    """Return the event that ends a stream that went wrong; no `[DONE]` follows it."""
    return _event(problems.openai_body(error))


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(body) + b"\n\n"
