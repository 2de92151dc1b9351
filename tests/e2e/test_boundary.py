"""What the edge lets through and what it doesn't."""

import pytest

from support.endtoend import Cluster, Installation

pytestmark = pytest.mark.e2e

SPELLINGS = [
    "/api/auth/credentials/verify",
    "/api/auth%2Fcredentials/verify",
    "/api/auth%2fcredentials%2fverify",
    "/api%2Fauth%2Fcredentials%2Fverify",
    "/api//auth/credentials/verify",
    "/api/./auth/credentials/verify",
    "/api/x/../auth/credentials/verify",
    "/api/x/%2e%2e/auth/credentials/verify",
    "/v1/../api/auth/credentials/verify",
    "/api/auth/credentials//verify",
    "/api/Auth/credentials/verify",
    "/api/%61uth/credentials/verify",
    "/api/auth/credentials/verify/",
    "/api/auth;x/credentials/verify",
    "/api/auth%252Fcredentials/verify",
]


@pytest.mark.parametrize("path", SPELLINGS)
def test_the_credentials_bridge_is_not_there(acme: Installation, path: str) -> None:
    entered = {"email": "administrator@local", "password": "anything"}
    answer = acme.client().post_json(path, entered)

    assert answer.status == 404
    assert b"sessionToken" not in answer.body


@pytest.mark.parametrize("path", ["/api/auth/session", "/api/auth%2Ffingerprint"])
def test_the_session_bridge_is_not_there(acme: Installation, token: str, path: str) -> None:
    answer = acme.client().get(path, {"Authorization": f"Bearer {token}"})

    assert answer.status == 404


def test_a_foreign_host_is_not_found(cluster: Cluster, acme: Installation) -> None:
    assert acme.client().get("/health").status == 200
    assert cluster.client("nobody.localhost").get("/health").status == 404


@pytest.mark.parametrize("path", ["/metrics", "/livez", "/readyz"])
def test_probes_and_metrics_are_not_on_the_edge(acme: Installation, path: str) -> None:
    answer = acme.client().get(path)

    assert answer.status in {303, 404}
    assert b"process_cpu" not in answer.body


def test_the_panel_greets_a_stranger_with_the_sign_in(acme: Installation) -> None:
    answer = acme.client().get("/agents")

    assert answer.status == 303
    assert answer.headers["location"].startswith("/signin")


def test_the_api_is_closed_to_a_stranger(acme: Installation) -> None:
    assert acme.client().get("/api/instances").status == 401
    assert acme.client().get("/v1/models").status == 401
