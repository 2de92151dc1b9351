"""The one place that makes HTTP responses of errors.

`/v1` speaks OpenAI's shape, because OpenAI's clients read it; everything else speaks the
product's own `{statusCode, message, error, code?}`.
"""

from typing import Any

import orjson
from starlette.responses import Response

from polyant_engine.core import errors

OPENAI_PREFIX = "/v1"


def response(error: errors.PolyantError, path: str) -> Response:
    """Build the response for an error raised while serving a path."""
    return Response(
        orjson.dumps(body(error, path)),
        status_code=error.status,
        headers=error.headers,
        media_type="application/json",
    )


def body(error: errors.PolyantError, path: str) -> dict[str, Any]:
    """Build the body in the shape that clients of the path read."""
    if path == OPENAI_PREFIX or path.startswith(OPENAI_PREFIX + "/"):
        return openai_body(error)
    return _api_body(error)


def openai_body(error: errors.PolyantError) -> dict[str, Any]:
    """Build the error object of OpenAI's API; also used inside a stream."""
    return {
        "error": {
            "message": error.message,
            "type": error.kind,
            "param": error.param,
            "code": error.code,
        }
    }


def _api_body(error: errors.PolyantError) -> dict[str, Any]:
    found = {"statusCode": error.status, "message": error.message, "error": error.title}
    return found | {"code": error.code} if error.code else found


def unexpected() -> errors.PolyantError:
    """Return what a caller may know about a bug: nothing but the request id in the headers."""
    return errors.PolyantError("Internal server error.", code="internal_error")
