"""Log lines are JSON, carry the reconcile's id, and never break on odd values."""

import json
import logging
from pathlib import Path

from polyant_operator.observability import logs


def formatted(**extra: object) -> dict[str, object]:
    record = logging.makeLogRecord(
        {
            "name": "x",
            "levelname": "INFO",
            "levelno": 20,
            "msg": "words %s",
            "args": ("here",),
            **extra,
        }
    )
    return dict(json.loads(logs.JsonFormatter().format(record)))


def test_a_line_says_when_how_bad_and_what() -> None:
    line = formatted()

    assert line["message"] == "words here"
    assert line["level"] == "info"
    assert str(line["time"]).endswith("+00:00")
    assert "reconcile" not in line


def test_a_line_of_a_reconcile_carries_its_id() -> None:
    token = logs.reconcile_id.set("abc")
    try:
        assert formatted()["reconcile"] == "abc"
    finally:
        logs.reconcile_id.reset(token)


def test_extra_values_become_fields_whatever_they_are() -> None:
    assert formatted(place=Path("/x"))["place"] == "/x"


def test_an_error_is_kept_in_one_line() -> None:
    error = ValueError("broken")

    line = formatted(exc_info=(type(error), error, error.__traceback__))

    assert "ValueError: broken" in str(line["error"])
