import logging

import orjson
import pytest
from starlette.types import Receive, Scope, Send

from polyant_engine.core import logs
from polyant_engine.core.clock import SystemClock
from polyant_engine.core.metrics import Metrics
from polyant_engine.core.middleware.cors import Cors
from polyant_engine.core.middleware.faults import Faults
from polyant_engine.core.middleware.headers import SecurityHeaders
from polyant_engine.core.middleware.journal import Journal
from support.asgi import Answer, request

ORIGIN = "https://app.example.com"


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    del receive
    scope["polyant.route"] = "/hello/{name}"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


async def ask_cors(origin: str, *, method: str = "GET", preflight: bool = False) -> Answer:
    headers = {"origin": origin}
    if preflight:
        headers["access-control-request-method"] = "POST"
    return await request(Cors(hello, [ORIGIN]), method, "/", headers=headers)


async def test_a_listed_origin_is_let_in() -> None:
    answer = await ask_cors(ORIGIN)

    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ORIGIN + ".evil.example"])
async def test_other_origins_are_not(origin: str) -> None:
    assert "access-control-allow-origin" not in (await ask_cors(origin)).headers


async def test_preflights_are_answered_for_listed_origins_only() -> None:
    assert (await ask_cors(ORIGIN, method="OPTIONS", preflight=True)).status == 204
    assert (await ask_cors("https://evil.example", method="OPTIONS", preflight=True)).status == 400


async def test_answers_differ_by_origin_for_caches() -> None:
    assert (await ask_cors("https://evil.example")).headers["vary"] == "Origin"


async def test_every_response_is_hardened() -> None:
    answer = await request(SecurityHeaders(hello), "GET", "/")

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_requests_are_counted_by_route_never_by_path() -> None:
    metrics = Metrics()

    await request(Journal(hello, metrics, SystemClock()), "GET", "/hello/a-secret-name")

    text = metrics.exposition().decode()
    assert 'route="/hello/{name}",status="200"' in text
    assert "a-secret-name" not in text


async def test_an_invented_method_is_no_label() -> None:
    metrics = Metrics()

    await request(Journal(hello, metrics, SystemClock()), "BREW", "/")

    assert "BREW" not in metrics.exposition().decode()


@pytest.mark.parametrize(
    ("given", "is_kept"), [("abc-123", True), ("a b", False), ("x" * 65, False), ("", False)]
)
async def test_a_harmless_request_id_is_kept(given: str, *, is_kept: bool) -> None:
    journal = Journal(hello, Metrics(), SystemClock())

    answer = await request(journal, "GET", "/", headers={"x-request-id": given})

    assert (answer.headers["x-request-id"] == given) is is_kept


async def test_a_response_that_breaks_off_is_not_finished_as_if_whole() -> None:
    async def torn(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("torn")

    with pytest.raises(RuntimeError, match="torn"):
        await request(Faults(torn), "GET", "/")


@pytest.mark.parametrize(
    "secret",
    [
        "ps_AAAABBBBCCCCDDDD",
        "pk_AAAABBBBCCCCDDDD",
        "sk-AAAABBBBCCCCDDDD",
        "Bearer AAAABBBBCCCC",
        "postgresql://user:AAAABBBB@host/db",
    ],
)
def test_logs_mask_what_looks_like_a_secret(secret: str) -> None:
    record = logging.makeLogRecord({"msg": "got %s", "args": (secret,), "levelname": "INFO"})

    line = orjson.loads(logs.JsonFormatter("test").format(record))

    assert "AAAABBBB" not in line["message"]
    assert line["service"] == "test"


def test_extra_fields_and_the_request_id_are_in_the_line() -> None:
    token = logs.request_id.set("r-1")
    record = logging.makeLogRecord({"msg": "x", "levelname": "INFO", "port": 4000})

    line = orjson.loads(logs.JsonFormatter("test").format(record))

    logs.request_id.reset(token)
    assert (line["requestId"], line["port"]) == ("r-1", 4000)
