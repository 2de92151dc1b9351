"""When a cluster takes work."""

import datetime as dt
from typing import Any

import pytest

from dev.cluster.node import readiness

STARTED = dt.datetime(2026, 1, 1, 12, 0, 0, tzinfo=dt.UTC)


def node(status: str, beat: str) -> dict[str, Any]:
    ready = {"type": "Ready", "status": status, "lastHeartbeatTime": beat}
    return {"kind": "Node", "metadata": {"name": "n"}, "status": {"conditions": [ready]}}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (node("True", "2026-01-01T12:00:01Z"), True),
        (node("True", "2026-01-01T11:59:59Z"), False),
        (node("False", "2026-01-01T12:00:01Z"), False),
        ({"kind": "Node", "metadata": {}}, False),
        ({"kind": "Gateway", "metadata": {}}, False),
        ({"kind": "ServiceAccount", "metadata": {"namespace": "d", "name": "default"}}, True),
        ({"kind": "ServiceAccount", "metadata": {"namespace": "x", "name": "default"}}, False),
        ({"kind": "Pod", "metadata": {}}, False),
    ],
)
def test_only_fresh_news_count(item: dict[str, Any], *, expected: bool) -> None:
    assert readiness.is_usable(item, namespace="d", since=STARTED) is expected
