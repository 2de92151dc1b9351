import uuid
from dataclasses import replace

import orjson
import pytest
from starlette.responses import Response

from polyant_engine.core import errors
from polyant_engine.core.calls import Call
from polyant_engine.core.internal_secret import NOBODY, InternalSecret
from polyant_engine.core.middleware.faults import Faults
from polyant_engine.core.permissions import Permission, Role, is_granted
from polyant_engine.core.principals import Anonymous, Bearer, UserSession
from polyant_engine.core.routing import (
    Access,
    Endpoint,
    Router,
    deferred,
    internal,
    needs,
    public,
)
from support.asgi import Answer, request

SECRET = "internal-secret-0123"
VIEWER = UserSession(
    session_id=uuid.UUID(int=1),
    user_id=uuid.UUID(int=2),
    email="a@example.com",
    role=Role.VIEWER,
    must_change_password=False,
)


class Sessions:
    """Knows sessions by token."""

    def __init__(self, **sessions: UserSession) -> None:
        self._sessions = sessions

    async def session(self, token: str) -> UserSession | None:
        return self._sessions.get(token)


async def show(call: Call) -> Response:
    name = type(call.principal).__name__
    return Response(orjson.dumps({"principal": name, "size": len(await call.body())}))


async def ask(
    access: Access, *, bearer: str | None = None, body: bytes = b"", **headers: str
) -> Answer:
    sessions = Sessions(ps_viewer=VIEWER, ps_new=replace(VIEWER, must_change_password=True))
    router = Router(
        [Endpoint("POST", "/thing", show, access, 10)], sessions, InternalSecret(SECRET)
    )
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if bearer is not None:
        given["authorization"] = f"Bearer {bearer}"
    return await request(Faults(router), "POST", "/thing", headers=given, body=body)


async def test_a_public_route_lets_anybody_in() -> None:
    answer = await ask(public("everybody may"))

    assert answer.json()["principal"] == Anonymous.__name__


async def test_a_route_with_a_permission_wants_a_session() -> None:
    assert (await ask(needs(Permission.AGENT_READ))).status == 401


@pytest.mark.parametrize("token", ["ps_unknown", "pk_agent", "viewer"])
async def test_a_bearer_that_is_no_live_session_is_refused(token: str) -> None:
    assert (await ask(needs(Permission.AGENT_READ), bearer=token)).status == 401


async def test_a_cookie_is_never_a_session() -> None:
    answer = await ask(needs(Permission.AGENT_READ), cookie="session=ps_viewer")

    assert answer.status == 401


async def test_the_role_must_hold_the_permission() -> None:
    assert (await ask(needs(Permission.AGENT_READ), bearer="ps_viewer")).status == 200
    assert (await ask(needs(Permission.AGENT_WRITE), bearer="ps_viewer")).status == 403


async def test_a_first_password_must_be_changed_before_anything_else() -> None:
    answer = await ask(needs(Permission.AGENT_READ), bearer="ps_new")

    assert answer.status == 403
    assert answer.json()["code"] == "password_change_required"


async def test_the_change_itself_is_allowed() -> None:
    access = needs(Permission.ACCOUNT_OWN, before_password_change=True)

    assert (await ask(access, bearer="ps_new")).status == 200


async def test_an_internal_route_wants_the_secret() -> None:
    assert (await ask(internal())).status == 401
    assert (await ask(internal(), x_internal_auth="wrong")).status == 401
    assert (await ask(internal(), x_internal_auth=SECRET)).status == 200


async def test_without_a_configured_secret_no_internal_route_opens() -> None:
    router = Router([Endpoint("GET", "/thing", show, internal())], Sessions(), NOBODY)

    answer = await request(Faults(router), "GET", "/thing", headers={"x-internal-auth": ""})

    assert answer.status == 401


async def test_a_deferred_route_gets_the_bearer_unverified() -> None:
    answer = await ask(deferred(Permission.CHAT), bearer="pk_anything")

    assert answer.json()["principal"] == Bearer.__name__


async def test_a_body_of_the_limit_passes_and_one_byte_more_does_not() -> None:
    access = public("everybody may")

    assert (await ask(access, body=b"x" * 10)).json()["size"] == 10
    assert (await ask(access, body=b"x" * 11)).status == 413


async def test_an_announced_body_above_the_limit_is_refused_unread() -> None:
    answer = await ask(public("everybody may"), content_length="11")

    assert answer.status == 413


async def test_an_unknown_method_names_those_that_exist() -> None:
    router = Router([Endpoint("GET", "/thing", show, public("x"))], Sessions(), NOBODY)

    answer = await request(Faults(router), "DELETE", "/thing")

    assert (answer.status, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("path", ["/nothing", "/thing/", "/thing/more"])
async def test_an_unknown_path_is_404_in_our_shape(path: str) -> None:
    router = Router([Endpoint("GET", "/thing", show, public("x"))], Sessions(), NOBODY)

    answer = await request(Faults(router), "GET", path)

    assert answer.json() == {
        "statusCode": 404,
        "message": "Nothing is at this path.",
        "error": "Not Found",
    }


async def test_errors_under_v1_have_the_shape_of_openai() -> None:
    async def fail(_: Call) -> Response:
        raise errors.NotFound("No such model.", code="model_not_found", param="model")

    router = Router([Endpoint("GET", "/v1/models", fail, public("x"))], Sessions(), NOBODY)

    answer = await request(Faults(router), "GET", "/v1/models")

    assert answer.json()["error"] == {
        "message": "No such model.",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
    }


async def test_a_bug_is_500_and_says_nothing() -> None:
    async def fail(_: Call) -> Response:
        raise RuntimeError("the password is hunter2")

    router = Router([Endpoint("GET", "/thing", fail, public("x"))], Sessions(), NOBODY)

    answer = await request(Faults(router), "GET", "/thing")

    assert answer.status == 500
    assert b"hunter2" not in answer.body


def test_a_route_cannot_be_declared_twice() -> None:
    endpoint = Endpoint("GET", "/thing", show, public("x"))

    with pytest.raises(ValueError, match="twice"):
        Router([endpoint, endpoint], Sessions(), NOBODY)


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [(Role.VIEWER, Role.EDITOR), (Role.EDITOR, Role.ADMIN), (Role.ADMIN, Role.SUPERADMIN)],
)
def test_a_stronger_role_may_more(weaker: Role, stronger: Role) -> None:
    assert all(is_granted(stronger, item) for item in Permission if is_granted(weaker, item))
    assert any(is_granted(stronger, item) and not is_granted(weaker, item) for item in Permission)
