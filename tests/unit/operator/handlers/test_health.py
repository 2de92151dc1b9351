"""What the log says about the probes: the kubelet's event holds a status code and no more."""

import logging

import pytest

from polyant_operator.handlers import health


def test_a_failing_liveness_is_logged_once_and_so_is_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers = iter((None, "silence for 121 s", "silence for 131 s", None, None))
    check = health.telling(lambda: next(answers))

    with caplog.at_level(logging.INFO):
        said = [check() for _ in range(5)]

    assert said == [None, "silence for 121 s", "silence for 131 s", None, None]
    first, second = (record.message for record in caplog.records)
    assert "silence for 121 s" in first
    assert "well again" in second
