"""Routes that are closed by default.

A feature's `routes.py` returns `Endpoint` values; each must say who may call it:

* `public()`              anybody, and a reason why
* `internal()`            only with the internal secret, and only where internal routes are served
* `needs(permission)`     a person whose role holds the permission
* `deferred(permission)`  the handler verifies the bearer itself (`/v1`); it gets a `Bearer`, or an
                          `Anonymous`, and enforces the permission for sessions

`Router` refuses to be built from anything else, so no route can be open by accident.

    Endpoint("GET", "/api/instances", self.index, needs(Permission.AGENT_READ))
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from starlette.requests import Request
from starlette.routing import Route
from starlette.routing import Router as StarletteRouter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polyant_engine.core import errors
from polyant_engine.core.calls import Call
from polyant_engine.core.internal_secret import InternalSecret
from polyant_engine.core.permissions import Permission
from polyant_engine.core.principals import Anonymous, Authenticator, Bearer, Principal, UserSession

DEFAULT_BODY_LIMIT = 1024 * 1024
INTERNAL_HEADER = "x-internal-auth"

Handler = Callable[[Call], Awaitable[ASGIApp]]  # a Response, or an application that streams


class Audience(StrEnum):
    """Who a route is for."""

    PUBLIC = "public"
    INTERNAL = "internal"
    SESSION = "session"
    DEFERRED = "deferred"


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """Who may call a route."""

    audience: Audience
    permission: Permission | None = None
    reason: str = ""
    before_password_change: bool = False


def public(reason: str) -> Access:
    """Let anybody in, for a reason worth reading."""
    return Access(audience=Audience.PUBLIC, reason=reason)


def internal() -> Access:
    """Let only our own processes in."""
    return Access(audience=Audience.INTERNAL)


def needs(permission: Permission, *, before_password_change: bool = False) -> Access:
    """Let people in whose role holds the permission."""
    return Access(
        audience=Audience.SESSION,
        permission=permission,
        before_password_change=before_password_change,
    )


def deferred(permission: Permission) -> Access:
    """Leave the check of the bearer to the handler."""
    return Access(audience=Audience.DEFERRED, permission=permission)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method on one path."""

    method: str
    path: str
    handler: Handler
    access: Access
    body_limit: int = DEFAULT_BODY_LIMIT


class Router:
    """The ASGI application that finds the endpoint of a request and guards it."""

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        authenticator: Authenticator,
        internal_secret: InternalSecret,
    ) -> None:
        self.endpoints = tuple(endpoints)
        by_path: dict[str, dict[str, Gate]] = defaultdict(dict)
        for endpoint in self.endpoints:
            if endpoint.method in by_path[endpoint.path]:
                raise ValueError(f"{endpoint.method} {endpoint.path} is declared twice")
            by_path[endpoint.path][endpoint.method] = Gate(endpoint, authenticator, internal_secret)
        routes = [Route(path, Methods(gates)) for path, gates in by_path.items()]
        self._router = StarletteRouter(routes, redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        scope["app"] = self  # makes Starlette raise on an unknown path instead of answering text
        await self._router(scope, receive, send)


class Methods:
    """The methods of one path."""

    def __init__(self, gates: Mapping[str, "Gate"]) -> None:
        self.gates = dict(gates)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to the gate of its method."""
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        gate = self.gates.get(method)
        if gate is None:
            allowed = ", ".join(sorted(self.gates))
            raise errors.MethodNotAllowed(f"Use {allowed} here.", headers={"allow": allowed})
        await gate(scope, receive, send)


class Gate:
    """Stands in front of one handler: who is it, may they, how much may they send."""

    def __init__(
        self, endpoint: Endpoint, authenticator: Authenticator, internal_secret: InternalSecret
    ) -> None:
        self.endpoint = endpoint
        self._authenticator = authenticator
        self._internal_secret = internal_secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the handler answer, or raise why not."""
        scope["polyant.route"] = self.endpoint.path
        request = Request(scope, _limited(scope, receive, self.endpoint.body_limit))
        principal = await self._principal(request)
        response = await self.endpoint.handler(Call(request=request, principal=principal))
        await response(scope, request.receive, send)

    async def _principal(self, request: Request) -> Principal:
        access = self.endpoint.access
        match access.audience:
            case Audience.PUBLIC:
                return Anonymous()
            case Audience.INTERNAL:
                return self._internal(request)
            case Audience.DEFERRED:
                return bearer(request) or Anonymous()
            case Audience.SESSION:
                return authorize(await self._session(request), access)

    async def _session(self, request: Request) -> UserSession:
        found = bearer(request)
        if found is None:
            raise errors.Unauthenticated("Missing authentication: send Authorization: Bearer.")
        session = await self._authenticator.session(found.token) if found.is_session else None
        if session is None:
            raise errors.Unauthenticated("Invalid or expired session.")
        return session

    def _internal(self, request: Request) -> Principal:
        if not self._internal_secret.fits(request.headers.get(INTERNAL_HEADER, "").encode()):
            raise errors.Unauthenticated(f"Missing or wrong {INTERNAL_HEADER}.")
        return bearer(request) or Anonymous()


def authorize(session: UserSession, access: Access) -> UserSession:
    """Return the session if it may use a route with this access."""
    if session.must_change_password and not access.before_password_change:
        raise errors.PasswordChangeRequired
    if access.permission is None or not session.may(access.permission):
        raise errors.Forbidden(f"Your role {session.role} lacks {access.permission}.")
    return session


def bearer(request: Request) -> Bearer | None:
    """Read the bearer token; cookies are never looked at."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    return Bearer(token=token) if scheme.lower() == "bearer" and token else None


def _limited(scope: Scope, receive: Receive, limit: int) -> Receive:
    """Refuse a body above the limit: at once when announced, while reading when not."""
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > limit:
        raise errors.BodyTooLarge(limit)
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise errors.BodyTooLarge(limit)
        return message

    return counted
