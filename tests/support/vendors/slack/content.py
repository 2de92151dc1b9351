"""What a message may hold: the limits of blocks."""

import json
from typing import Any

from support.vendors.slack.refusals import Refused

MOST_BLOCKS = 50
LONGEST_SECTION = 3000
LONGEST_MARKDOWN = 12_000
LONGEST_MESSAGE = 13_200


def parsed(value: Any) -> Any:
    """An argument that is JSON in a form, or already a value."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise Refused("invalid_arguments") from None


def checked_blocks(value: Any) -> list[dict[str, Any]]:
    """Blocks within their limits."""
    blocks = parsed(value) if value else []
    if not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    total = 0
    for block in blocks:
        total += _checked_length(block)
    if len(blocks) > MOST_BLOCKS:
        raise Refused("invalid_blocks")
    if total > LONGEST_MESSAGE:
        raise Refused("msg_blocks_too_long")
    return blocks


def _checked_length(block: dict[str, Any]) -> int:
    if block.get("type") == "rich_text":
        return _checked_elements(block.get("elements"))
    text = block.get("text", "")
    words = text.get("text", "") if isinstance(text, dict) else str(text)
    most = LONGEST_MARKDOWN if block.get("type") == "markdown" else LONGEST_SECTION
    if len(words) > most:
        raise Refused("invalid_blocks", errors=[f"must be less than {most + 1} characters"])
    return len(words)


def _checked_elements(elements: Any) -> int:
    """The length of a rich text, in which nothing may be empty."""
    if not isinstance(elements, list) or not elements:
        raise Refused("invalid_blocks", errors=["must provide elements"])
    total = 0
    for element in elements:
        if "elements" in element:
            total += _checked_elements(element["elements"])
            continue
        if element.get("type") == "link" and "://" not in element.get("url", ""):
            raise Refused("invalid_blocks", errors=["must provide a url"])
        if not element.get("text"):
            raise Refused("invalid_blocks", errors=["must be more than 0 characters"])
        total += len(element["text"])
    return total
