"""What the world can and cannot reach, over real HTTP, with paths as an attacker writes them."""

import http.client
import socket
from pathlib import Path

import pytest

from support import engine_process, postgres
from support.engine_process import Engine
from support.postgres import Server

pytestmark = pytest.mark.integration

SPELLINGS = [
    "/api/auth/credentials/verify",
    "/api/auth%2Fcredentials/verify",
    "/api/auth%2fcredentials%2fverify",
    "/api%2Fauth/credentials/verify",
    "/api%252Fauth/credentials/verify",
    "/%61pi/%61%75th/credentials/verify",
    "//api/auth/credentials/verify",
    "//api//auth//credentials//verify",
    "/API/AUTH/credentials/verify",
    "/api/./auth/credentials/verify",
    "/v1/../api/auth/credentials/verify",
    "/api/instances/%2e%2e/auth/credentials/verify",
    "/api/auth/credentials/verify/",
    "/api;x/auth/credentials/verify",
    "/api/auth;x/credentials/verify",
    "/api%5Cauth%5Ccredentials/verify",
    "/api/auth/credentials/verify?x=/health",
]


@pytest.mark.parametrize("path", SPELLINGS)
def test_on_the_main_port_no_spelling_reaches_an_internal_route(engine: Engine, path: str) -> None:
    attempt = {"email": postgres.ADMIN_EMAIL, "password": postgres.ADMIN_PASSWORD}

    answer = engine.ask("POST", path, attempt, headers=engine.secret)

    assert answer.status == 404
    assert b"sessionToken" not in answer.body


def test_an_absolute_target_reaches_none_either(engine: Engine) -> None:
    target = f"http://127.0.0.1:{engine.main}/api/auth/session"

    assert engine.ask("GET", target, headers=engine.secret).status in {400, 404}


def test_on_the_internal_port_the_secret_opens_them(engine: Engine) -> None:
    assert engine.ask("GET", "/api/auth/fingerprint", port=engine.internal).status == 401
    answer = engine.ask("GET", "/api/auth/fingerprint", port=engine.internal, headers=engine.secret)
    assert len(answer.json()["authSecret"]) == 16


def test_the_internal_port_serves_the_whole_api(engine: Engine) -> None:
    assert engine.ask("GET", "/api/instances", port=engine.internal).status == 401
    assert engine.ask("GET", "/health", port=engine.internal).status == 200


@pytest.mark.parametrize("path", ["/metrics", "/livez", "/readyz"])
def test_operations_are_on_their_own_port_only(engine: Engine, path: str) -> None:
    assert engine.ask("GET", path).status == 404
    assert engine.ask("GET", path, port=engine.internal).status == 404
    assert engine.ask("GET", path, port=engine.metrics).status == 200


def test_nothing_else_is_on_the_operations_port(engine: Engine) -> None:
    assert engine.ask("GET", "/api/instances", port=engine.metrics).status == 404


def test_every_listener_answers_on_both_families(engine: Engine) -> None:

    for port in (engine.main, engine.internal, engine.metrics):
        for address in ("127.0.0.1", "::1"):
            socket.create_connection((address, port), timeout=5).close()


def test_malformed_json_is_400_in_the_shape_of_its_path(engine: Engine) -> None:
    headers = {**engine.secret, "content-type": "application/json"}

    connection = http.client.HTTPConnection("127.0.0.1", engine.internal, timeout=10)
    connection.request("POST", "/api/auth/credentials/verify", b'{"email": ', headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()

    assert answer.status == 400
    assert b"line 1" in text


def test_a_body_above_the_limit_is_413(engine: Engine) -> None:
    assert engine.sign_in(password="x" * 20_000).status == 413


def test_without_an_internal_port_direct_callers_only(
    server: Server, database: str, tmp_path: Path
) -> None:
    url = server.url(database)
    with engine_process.running(url, tmp_path, INTERNAL_PORT="") as alone:
        alone.wait_ready()
        path = "/api/auth/fingerprint"

        direct = alone.ask("GET", path, headers=alone.secret)
        through_a_proxy = [
            alone.ask("GET", path, headers={**alone.secret, name: "192.0.2.1"})
            for name in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Via")
        ]

    assert direct.status == 200
    assert {answer.status for answer in through_a_proxy} == {404}
