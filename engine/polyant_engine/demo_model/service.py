"""Decide which rule answers a request, and count the failures a rule still owes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polyant_engine.demo_model import model


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the rules look at in a chat completion request."""

    model: str
    text: str  # the last user message
    prompt_chars: int
    has_tools: bool
    ends_with_tool_result: bool
    stream: bool
    include_usage: bool
    max_tokens: int | None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The rule that fits and the values of its placeholders."""

    rule: model.Rule
    values: Mapping[str, str]
    failure: model.Failure | None  # set when this call must fail


class Script:
    """The rules with their counters; one per server."""

    def __init__(self, rules: model.Rules) -> None:
        self.rules = rules
        self._failed: dict[int, int] = {}

    def decide(self, request: Request) -> Decision | None:
        """Return what to do, or None when no rule fits."""
        for index, rule in enumerate(self.rules.rules):
            values = _fit(rule.match, request)
            if values is not None:
                return Decision(rule=rule, values=values, failure=self._failure(index, rule))
        return None

    def _failure(self, index: int, rule: model.Rule) -> model.Failure | None:
        if rule.fail is None or rule.fail.times is None:
            return rule.fail
        failed = self._failed.get(index, 0)
        if failed >= rule.fail.times:
            return None
        self._failed[index] = failed + 1
        return rule.fail


def _fit(match: model.Match, request: Request) -> Mapping[str, str] | None:
    flags = ((match.tools, request.has_tools), (match.tool_result, request.ends_with_tool_result))
    if any(wanted is not None and wanted != actual for wanted, actual in flags):
        return None
    if match.model is not None and not model.compiled(match.model).search(request.model):
        return None
    values = {"text": request.text, "model": request.model}
    if match.text is None:
        return values
    found = model.compiled(match.text).search(request.text)
    return None if found is None else values | _groups(found)


def _groups(found: re.Match[str]) -> dict[str, str]:
    numbered = {str(index): value or "" for index, value in enumerate((found[0], *found.groups()))}
    return numbered | {name: value or "" for name, value in found.groupdict().items()}


def read_request(body: Any) -> Request:
    """Read a chat completion request; raise ValueError naming what is wrong."""
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 - one error type for all bad input
    messages = body.get("messages")
    if not isinstance(messages, list) or not all(isinstance(item, dict) for item in messages):
        raise ValueError("messages must be a list of objects")
    if not messages:
        raise ValueError("messages must not be empty")
    texts = [_text(item.get("content")) for item in messages]
    users = [text for item, text in zip(messages, texts, strict=True) if item.get("role") == "user"]
    options = body.get("stream_options")
    max_tokens = body.get("max_tokens", body.get("max_completion_tokens"))
    return Request(
        model=str(body.get("model", "")),
        text=users[-1] if users else "",
        prompt_chars=sum(map(len, texts)),
        has_tools=bool(body.get("tools")),
        ends_with_tool_result=messages[-1].get("role") == "tool",
        stream=body.get("stream") is True,
        include_usage=isinstance(options, dict) and options.get("include_usage") is True,
        max_tokens=max_tokens if isinstance(max_tokens, int) else None,
    )


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts: Sequence[Any] = content if isinstance(content, list) else ()
    return "".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))
