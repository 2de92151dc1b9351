"""What can go wrong on the way to the API server, as one tree; the cause is always chained.

KubeError
+-- NoAccess           no usable credentials or address on this machine
+-- Unavailable        no answer: connection, time-out, 429, 5xx; trying again is right
+-- Rejected           the API server answered no
    +-- Invalid        400, 422: what we sent is wrong
    +-- Unauthorized   401
    +-- Forbidden      403: a right is missing, or an admission plugin objects
    |   +-- Denied         an admission policy or webhook objects, by whatever code
    |   +-- Terminating    the namespace is being deleted and takes nothing new
    +-- NotFound       404
    +-- Gone           410: a list continuation expired
    +-- Conflict       409: somebody else was first
"""

import re


class KubeError(Exception):
    """Anything that went wrong between us and the API server."""


class NoAccess(KubeError):
    """There are no usable credentials or no address of an API server."""


class Unavailable(KubeError):
    """The API server did not answer, or asked to be left alone for a moment."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Rejected(KubeError):
    """The API server refused the request."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Invalid(Rejected):
    """What we sent is not a valid object or request."""


class Unauthorized(Rejected):
    """The credentials are not accepted."""


class Forbidden(Rejected):
    """A right is missing, or admission refuses the object."""


class Denied(Forbidden):
    """An admission policy or webhook objects: each answers with a code of its own choice."""


class Terminating(Forbidden):
    """The namespace is being deleted: it takes nothing new, now or ever."""


class NotFound(Rejected):
    """The object does not exist."""


class Gone(Rejected):
    """The list continuation is too old."""


class Conflict(Rejected):
    """The object exists already, or was changed in between."""


_BY_CODE: dict[int, type[Rejected]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: Invalid,
}
# The API server's name for a namespace on its way out, among the causes of a refusal.
TERMINATING = "NamespaceTerminating"
# How the API server words what admission objects to: the code is the policy's, mostly 400, 403 or 422.
_DENIED = re.compile(
    r"ValidatingAdmissionPolicy '[^']*' with binding '[^']*' denied request"
    r'|admission webhook "[^"]*" denied the request'
)
_SERVER_FAULT = 500
_TOO_MANY = 429


def from_response(code: int, message: str, retry_after: float | None = None) -> KubeError:
    """Name the error of an HTTP status."""
    if code < _SERVER_FAULT and _DENIED.search(message):
        return Denied(message, code)
    if code == _TOO_MANY or code >= _SERVER_FAULT:
        return Unavailable(f"{code}: {message}", retry_after)
    return _BY_CODE.get(code, Rejected)(message, code)
