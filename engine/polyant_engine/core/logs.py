"""Logs: one JSON object a line on stdout, with the id of the request, without secrets.

`extra={...}` fields of a record become keys. Values that look like our tokens, bearer headers or
passwords inside URLs are masked here, as the last line of defence: callers must not log them at all.
"""

import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson
from typing_extensions import override

request_id: ContextVar[str] = ContextVar("request_id", default="")

_PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "color_message"}
_SECRETS = re.compile(
    r"(?P<token>\b(?:pk|ps|sk)[_-])[A-Za-z0-9_-]{8,}"
    r"|(?P<bearer>\b[Bb]earer\s+)[^\s\"',]+"
    r"|(?P<url>\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@]+(?=@)"
)


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    @override
    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := request_id.get():
            fields["requestId"] = current
        fields |= {key: value for key, value in record.__dict__.items() if key not in _PLAIN}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return masked(orjson.dumps(fields, default=str).decode())


def masked(text: str) -> str:
    """Replace what looks like a secret."""
    return _SECRETS.sub(
        lambda found: (found["token"] or found["bearer"] or found["url"]) + "***", text
    )


def configure(service: str, level: str, stream: TextIO = sys.stdout) -> None:
    """Send every log line of this process to one stream as JSON."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    for noisy in ("uvicorn.access", "uvicorn.error", "asyncio", "alembic.runtime.plugins"):
        logging.getLogger(noisy).setLevel(max(root.level, logging.WARNING))
