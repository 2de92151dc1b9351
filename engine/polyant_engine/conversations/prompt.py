"""Assemble the prompt: the agent's sections, the caller's instructions, history, the message.

Pure. Sections come in the order of their keys; a placeholder nobody knows stays as it is, because
people write braces for other reasons too.
"""

import re
import zoneinfo
from collections.abc import Mapping, Sequence
from datetime import datetime

from polyant_engine.gateway import ports as gateway

SEPARATOR = "\n\n---\n\n"
PLACEHOLDER = re.compile(r"\{\{\s*(datetime|timezone)\s*\}\}")


def build_messages(
    *,
    system: str,
    instructions: Sequence[str],
    history: Sequence[gateway.Message],
    question: gateway.Message,
) -> list[gateway.Message]:
    """Put a prompt together."""
    head = SEPARATOR.join(part for part in (system, *instructions) if part)
    messages = [gateway.Message(role="system", content=head)] if head else []
    return [*messages, *history, question]


def build_system(sections: Mapping[str, str], now: datetime, timezone: str) -> str:
    """Join the sections that say something and fill in the time."""
    texts = [sections[key].strip() for key in sorted(sections)]
    joined = SEPARATOR.join(text for text in texts if text)
    if "{{" not in joined:
        return joined
    values = {"datetime": _local(now, timezone), "timezone": timezone}
    return PLACEHOLDER.sub(lambda found: values[found[1]], joined)


def _local(now: datetime, timezone: str) -> str:
    return now.astimezone(zoneinfo.ZoneInfo(timezone)).strftime("%A, %Y-%m-%d %H:%M %Z")
