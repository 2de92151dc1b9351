"""Build the answers in OpenAI's wire format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from polyant_engine.demo_model import model, service

CHARS_PER_TOKEN = 4
FIRST_SERVER_ERROR = 500
ERROR_TYPES = {401: "authentication_error", 429: "rate_limit_error"}
DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the model says, before it is cut into chunks."""

    id: str
    created: int
    model: str
    text: str
    tool_calls: Sequence[dict[str, Any]]
    finish_reason: str
    usage: dict[str, Any]


def build_answer(
    request: service.Request, decision: service.Decision, *, serial: int, now: int
) -> Answer:
    """Build the answer of a rule."""
    rule = decision.rule
    text = model.fill(rule.reply or "", decision.values)
    text, was_cut = _limit(text, request.max_tokens)
    calls = [_tool_call(call, decision, serial, at) for at, call in enumerate(rule.tool_calls)]
    return Answer(
        id=f"chatcmpl-demo{serial:08d}",
        created=now,
        model=request.model,
        text=text,
        tool_calls=calls,
        finish_reason="tool_calls" if calls else "length" if was_cut else "stop",
        usage=_usage(rule.usage, request.prompt_chars, len(text)),
    )


def _limit(text: str, max_tokens: int | None) -> tuple[str, bool]:
    if max_tokens is None or len(text) <= max_tokens * CHARS_PER_TOKEN:
        return text, False
    return text[: max_tokens * CHARS_PER_TOKEN], True


def _tool_call(
    call: model.ToolCall, decision: service.Decision, serial: int, at: int
) -> dict[str, Any]:
    arguments = orjson.dumps(model.fill_deep(call.arguments, decision.values)).decode()
    function = {"name": call.name, "arguments": arguments}
    return {"id": f"call_{serial:08d}_{at}", "type": "function", "function": function}


def _usage(fixed: model.Usage | None, prompt_chars: int, reply_chars: int) -> dict[str, Any]:
    if fixed is None:
        prompt, completion, cached = -(-prompt_chars // 4), -(-reply_chars // 4), 0
    else:
        prompt, completion, cached = (
            fixed.prompt_tokens,
            fixed.completion_tokens,
            fixed.cached_tokens,
        )
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def plain(answer: Answer) -> bytes:
    """Return the whole answer as one JSON body."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
    if answer.tool_calls:
        message["tool_calls"] = answer.tool_calls
    choice = {"index": 0, "message": message, "finish_reason": answer.finish_reason}
    return orjson.dumps(
        _envelope(answer, "chat.completion") | {"choices": [choice], "usage": answer.usage}
    )


def chunks(answer: Answer, *, size: int, include_usage: bool) -> Iterator[bytes]:
    """Cut the answer into server-sent events, the last of them `[DONE]`."""
    yield _chunk(answer, {"role": "assistant", "content": ""})
    for start in range(0, len(answer.text), size):
        yield _chunk(answer, {"content": answer.text[start : start + size]})
    for index, call in enumerate(answer.tool_calls):
        function = call["function"]
        opening = function | {"arguments": ""}
        yield _chunk(answer, {"tool_calls": [call | {"index": index, "function": opening}]})
        arguments = {"arguments": function["arguments"]}
        yield _chunk(answer, {"tool_calls": [{"index": index, "function": arguments}]})
    yield _chunk(answer, {}, answer.finish_reason)
    if include_usage:
        last = _envelope(answer, "chat.completion.chunk") | {"choices": [], "usage": answer.usage}
        yield b"data: " + orjson.dumps(last) + b"\n\n"
    yield DONE


def _chunk(answer: Answer, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    event = _envelope(answer, "chat.completion.chunk") | {"choices": [choice]}
    return b"data: " + orjson.dumps(event) + b"\n\n"


def _envelope(answer: Answer, kind: str) -> dict[str, Any]:
    return {
        "id": answer.id,
        "object": kind,
        "created": answer.created,
        "model": answer.model,
    }


def error(status: int, message: str, code: str | None) -> bytes:
    """Return an error body."""
    kind = ERROR_TYPES.get(
        status, "server_error" if status >= FIRST_SERVER_ERROR else "invalid_request_error"
    )
    return orjson.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})
