"""Every error a caller may see, in one tree; `core.problems` turns it into HTTP.

    PolyantError                      500
      BadRequest                      400   malformed or invalid input; the message lists all of it
      Unauthenticated                 401   no credential, or one that does not count (any more)
      Forbidden                       403   known caller, missing permission
        PasswordChangeRequired        403   code password_change_required
      NotFound                        404
      MethodNotAllowed                405
      Conflict                        409
      BodyTooLarge                    413
      TooManyRequests                 429   with Retry-After
      UpstreamFailed                  502   a model or another server answered wrongly
      Unavailable                     503   this engine cannot serve now, try again
        DatabaseUnavailable           503
      UpstreamTimeout                 504

A feature derives its own errors from these and never builds an error response by hand.
`code` is a stable word for programs, `param` names the wrong field (OpenAI's error shape).
"""

from collections.abc import Mapping
from typing import ClassVar


class PolyantError(Exception):
    """Anything that ends a request with an error on purpose."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal Server Error"
    kind: ClassVar[str] = "server_error"
    default_code: ClassVar[str | None] = None

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.param = param
        self.headers = dict(headers or {})


class BadRequest(PolyantError):
    """The input is malformed or invalid."""

    status = 400
    title = "Bad Request"
    kind = "invalid_request_error"


class Unauthenticated(PolyantError):
    """The caller is not known."""

    status = 401
    title = "Unauthorized"
    kind = "authentication_error"


class Forbidden(PolyantError):
    """The caller is known and may not do this."""

    status = 403
    title = "Forbidden"
    kind = "permission_error"


class PasswordChangeRequired(Forbidden):
    """The account must choose a new password before anything else."""

    default_code: ClassVar[str | None] = "password_change_required"

    def __init__(self) -> None:
        super().__init__("Choose a new password first: POST /api/me/password.")


class NotFound(PolyantError):
    """Nothing is there."""

    status = 404
    title = "Not Found"
    kind = "invalid_request_error"


class MethodNotAllowed(PolyantError):
    """The path exists, the method does not."""

    status = 405
    title = "Method Not Allowed"
    kind = "invalid_request_error"


class Conflict(PolyantError):
    """The state of things forbids it."""

    status = 409
    title = "Conflict"
    kind = "invalid_request_error"


class BodyTooLarge(PolyantError):
    """The request body is above the limit of its route."""

    status = 413
    title = "Payload Too Large"
    kind = "invalid_request_error"
    default_code: ClassVar[str | None] = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The request body is larger than {limit} bytes, the limit here.")


class TooManyRequests(PolyantError):
    """A limit is used up."""

    status = 429
    title = "Too Many Requests"
    kind = "rate_limit_error"
    default_code: ClassVar[str | None] = "rate_limit_exceeded"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message, headers={"retry-after": str(max(1, retry_after_seconds))})


class UpstreamFailed(PolyantError):
    """Another server answered wrongly."""

    status = 502
    title = "Bad Gateway"
    kind = "upstream_error"


class Unavailable(PolyantError):
    """This engine cannot serve the request now."""

    status = 503
    title = "Service Unavailable"
    kind = "server_error"


class DatabaseUnavailable(Unavailable):
    """The database does not answer."""

    default_code: ClassVar[str | None] = "database_unavailable"

    def __init__(self) -> None:
        super().__init__("The database does not answer; try again.", headers={"retry-after": "2"})


class UpstreamTimeout(PolyantError):
    """Another server did not answer in time."""

    status = 504
    title = "Gateway Timeout"
    kind = "upstream_error"
