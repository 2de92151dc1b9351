"""JSON log lines on standard error, one object a line, each with the id of its reconcile.

The id travels in a context variable, so every line that is written while an instance is worked on
can be found by it, whoever wrote it.
"""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

from typing_extensions import override

reconcile_id: ContextVar[str | None] = ContextVar("reconcile_id", default=None)
instance_key: ContextVar[str | None] = ContextVar("instance_key", default=None)

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """One record as one JSON object; values given by `extra=` become fields."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {"reconcile": reconcile_id.get(), "instance": instance_key.get()}
        line |= {name: value for name, value in vars(record).items() if name not in _PLAIN}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(
            {name: value for name, value in line.items() if value is not None}, default=str
        )


def configure(level: str) -> None:
    """Send every log line of the process through the JSON formatter."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for chatty in ("kopf", "asyncio", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))
