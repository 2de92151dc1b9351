"""Request ids, counters, log lines."""

import logging

import pytest

from support.panel import Visitor


async def test_an_id_of_the_edge_is_kept(visitor: Visitor) -> None:
    answer = await visitor.open("/signin", **{"x-request-id": "edge-1234567"})

    assert answer.headers["x-request-id"] == "edge-1234567"


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "a b c d e f g h", '{"injected": 1}'])
async def test_anything_else_is_replaced(visitor: Visitor, given: str) -> None:
    answer = await visitor.open("/signin", **{"x-request-id": given})

    assert len(answer.headers["x-request-id"]) == 32


async def test_requests_are_counted_by_template_never_by_path(visitor: Visitor) -> None:
    await visitor.open("/agents/made-up-by-a-stranger")
    await visitor.open("/so/is/this")

    text = visitor.metrics.render().decode()
    assert 'route="/agents/{slug}",status="303"' in text
    assert 'route="/{path:path}",status="404"' in text
    assert "stranger" not in text


async def test_a_log_line_tells_what_happened_and_no_query(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await visitor.open("/signin?next=/secret-plan")

    record = next(record for record in caplog.records if record.message == "request")
    assert (record.__dict__["path"], record.__dict__["status"]) == ("/signin", 200)
    assert "secret-plan" not in str(record.__dict__)
