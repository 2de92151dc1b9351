"""JSON log lines."""

import json
import logging
import sys

from polyant_web.observability import logs


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "x", "levelno": 20, "levelname": "INFO", "msg": message})
    made.__dict__.update(extra)
    return made


def test_a_line_is_one_json_object_with_what_was_given() -> None:
    line = logs.JsonFormatter().format(record("two\nlines", port=3000))

    assert "\n" not in line
    entry = json.loads(line)
    assert (entry["message"], entry["level"], entry["port"]) == ("two\nlines", "info", 3000)


def test_the_request_at_hand_is_on_the_line() -> None:
    token = logs.request_id.set("abc12345")
    try:
        assert json.loads(logs.JsonFormatter().format(record("x")))["requestId"] == "abc12345"
    finally:
        logs.request_id.reset(token)


def test_an_exception_is_on_the_same_line() -> None:
    made = record("failed")
    try:
        int("boom")
    except ValueError:
        made.exc_info = sys.exc_info()

    line = logs.JsonFormatter().format(made)
    assert "\n" not in line
    assert "ValueError: invalid literal" in json.loads(line)["exception"]
