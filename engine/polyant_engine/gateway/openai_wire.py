"""OpenAI's wire format: build a request body, read answers, chunks and errors.

Pure functions. Whatever a provider sends that is not the format becomes `ModelBroken`; a field of
a wrong type is treated as absent where the answer still makes sense without it.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from polyant_engine.gateway import errors, ports

CONTEXT_CODES = ("context_length_exceeded", "string_above_max_length")
OPENAI = "https://api.openai.com/"
UNAUTHORIZED = (401, 403)
NOT_FOUND = 404
RATE_LIMITED = 429
TIMEOUTS = (408, 504)
REJECTED = (400, 413, 422)
FIRST_SERVER_ERROR = 500


def build_body(target: ports.Target, request: ports.ChatRequest) -> bytes:
    """Build the body of a chat completion request."""
    body: dict[str, Any] = {
        "model": target.model,
        "messages": [
            {"role": item.role, "content": _parts(item) if item.images else item.content}
            for item in request.messages
        ],
    }
    sampling = request.sampling
    # OpenAI's reasoning models refuse the old name, other servers do not know the new one.
    limit = "max_completion_tokens" if target.base_url.startswith(OPENAI) else "max_tokens"
    options = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        limit: sampling.max_tokens,
        "stop": list(sampling.stop) if sampling.stop else None,
        "tools": list(request.tools) or None,
    }
    body |= {name: value for name, value in options.items() if value is not None}
    if request.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return orjson.dumps(body)


def _parts(message: ports.Message) -> list[dict[str, Any]]:
    text = [{"type": "text", "text": message.content}] if message.content else []
    return [
        *text,
        *({"type": "image_url", "image_url": {"url": _url(image)}} for image in message.images),
    ]


def _url(image: ports.Image) -> str:
    return f"data:{image.media_type};base64,{base64.b64encode(image.data).decode()}"


def read_answer(raw: bytes) -> ports.Delta:
    """Read a whole answer."""
    body = _object(raw)
    choice = _first(body.get("choices"))
    message = choice.get("message")
    if not isinstance(message, dict):
        raise errors.ModelBroken(f"no message in {raw[:200]!r}")
    return ports.Delta(
        text=_text(message.get("content")),
        tool_calls=_tool_calls(message.get("tool_calls")),
        finish_reason=_optional_text(choice.get("finish_reason")),
        usage=_usage(body.get("usage")),
    )


def read_chunk(raw: bytes) -> ports.Delta:
    """Read one event of a stream."""
    body = _object(raw)
    if "error" in body:
        raise read_error(FIRST_SERVER_ERROR, raw)
    choice = _first(body.get("choices"))
    delta = choice.get("delta")
    delta = delta if isinstance(delta, dict) else {}
    return ports.Delta(
        text=_text(delta.get("content")),
        tool_calls=_tool_calls(delta.get("tool_calls")),
        finish_reason=_optional_text(choice.get("finish_reason")),
        usage=_usage(body.get("usage")),
    )


def read_error(
    status: int, raw: bytes, retry_after_seconds: float | None = None
) -> errors.ModelError:
    """Tell what a provider's error means."""
    code, text = _error_parts(raw)
    detail = f"HTTP {status}: {text}"
    if status in REJECTED:
        is_length = code in CONTEXT_CODES or "context length" in text.lower()
        return errors.ContextTooLong(detail) if is_length else errors.PromptRejected(detail)
    if status == RATE_LIMITED:
        return errors.ModelRateLimited(detail, retry_after_seconds=retry_after_seconds)
    if status in TIMEOUTS:
        return errors.ModelTimeout(detail)
    if status >= FIRST_SERVER_ERROR:
        return errors.ModelUnavailable(detail, retry_after_seconds=retry_after_seconds)
    return _client_error(status, detail)


def _client_error(status: int, detail: str) -> errors.ModelError:
    if status in UNAUTHORIZED:
        return errors.ModelUnauthorized(detail)
    if status == NOT_FOUND:
        return errors.ModelMissing(detail)
    return errors.ModelError(detail)


def read_retry_after(value: str | None) -> float | None:
    """Read Retry-After in seconds; a date is not worth the trouble of clocks that differ."""
    try:
        seconds = float(value) if value is not None else None
    except ValueError:
        return None
    return seconds if seconds is not None and 0 <= seconds < float("inf") else None


def _error_parts(raw: bytes) -> tuple[str, str]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return "", raw[: errors.MAX_DETAIL].decode("utf-8", "replace")
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        return str(error.get("code", "")), str(error.get("message", ""))
    return "", str(error if error is not None else body)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise errors.ModelBroken(f"not JSON: {raw[:200]!r}") from error
    if not isinstance(body, dict):
        raise errors.ModelBroken(f"not a JSON object: {raw[:200]!r}")
    return body


def _first(choices: Any) -> Mapping[str, Any]:
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    return {}


def _text(content: Any) -> str:
    # PostgreSQL's text cannot hold NUL, and no honest model says it.
    return content.replace("\x00", "\ufffd") if isinstance(content, str) else ""


def _optional_text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _usage(raw: Any) -> ports.Usage | None:
    if not isinstance(raw, dict):
        return None
    details = raw.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    return ports.Usage(
        input_tokens=_count(raw.get("prompt_tokens")),
        output_tokens=_count(raw.get("completion_tokens")),
        cached_tokens=min(_count(cached), _count(raw.get("prompt_tokens"))),
    )


def _tool_calls(raw: Any) -> Sequence[ports.ToolCallDelta]:
    if not isinstance(raw, list):
        return ()
    return [_tool_call(at, item) for at, item in enumerate(raw) if isinstance(item, dict)]


def _tool_call(at: int, raw: Mapping[str, Any]) -> ports.ToolCallDelta:
    function = raw.get("function")
    function = function if isinstance(function, dict) else {}
    index = raw.get("index")
    return ports.ToolCallDelta(
        index=index if isinstance(index, int) else at,
        id=_optional_text(raw.get("id")),
        name=_optional_text(function.get("name")),
        arguments=_text(function.get("arguments")),
    )
