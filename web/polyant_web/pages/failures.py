"""What a person sees when something went wrong: calm words, what to do, never a trace."""

import logging
from dataclasses import dataclass, replace

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from polyant_web.engine import errors
from polyant_web.observability import logs
from polyant_web.pages.visit import Visit

logger = logging.getLogger(__name__)

_SERVER_ERROR = 500


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One kind of failure in words."""

    status: int
    title: str
    text: str
    retry: bool = False  # whether trying the same again may help


_AWAY = Failure(
    status=503,
    title="The engine is not answering",
    text="The panel is fine, but the engine behind it cannot be reached right now. "
    "This usually passes within a minute, for example while a new version is rolled out.",
    retry=True,
)
_TROUBLED = Failure(
    status=502,
    title="The engine is in trouble",
    text="It answers, but could not do this just now. It says: {cause}",
    retry=True,
)
_FORBIDDEN = Failure(
    status=403,
    title="Your role does not allow this",
    text="Ask an administrator of this installation to do it, or to give you another role.",
)
_STALE_FORM = Failure(
    status=403,
    title="This form has expired",
    text="You signed in or out since the form was opened. Open the page again and send it anew.",
)
_MISSING = Failure(
    status=404,
    title="There is nothing here",
    text="The address may be mistyped, or what it led to has been deleted.",
)
_BY_STATUS = {
    400: Failure(
        status=400,
        title="The request could not be read",
        text="Open the page again and send the form anew.",
    ),
    401: Failure(status=401, title="You are signed out", text="Sign in again to go on."),
    404: _MISSING,
    405: Failure(
        status=405,
        title="This address does not work that way",
        text="It exists, but it cannot be opened with this kind of request.",
    ),
    413: Failure(
        status=413,
        title="That is too much at once",
        text="The panel accepts up to 1 MiB in one form. Shorten the text and send it again.",
    ),
}
_BROKEN = Failure(
    status=500,
    title="Something went wrong on our side",
    text="The error has been recorded in the log of the panel under the request id below.",
    retry=True,
)


def answer(visit: Visit, error: Exception, *, scripted: bool = False) -> Response:
    """Return the page, the part of a page, or the JSON that tells about an error."""
    failure = describe(error)
    if failure.status >= _SERVER_ERROR:
        logger.warning("failure shown", extra={"status": failure.status, "cause": str(error)})
    if scripted:
        message = f"{failure.title}. {failure.text}"
        response: Response = JSONResponse({"error": {"message": message}}, failure.status)
    elif visit.is_partial:
        response = visit.page("parts/notice.html", failure.status, failure=failure)
        response.headers.update({"hx-retarget": "#notices", "hx-reswap": "innerHTML"})
    else:
        response = _page(visit, failure)
    if isinstance(error, HTTPException):
        response.headers.update(error.headers or {})
    return response


def _page(visit: Visit, failure: Failure) -> Response:
    path = visit.request.url.path
    # Only a page can be asked for once more by a link; a form has to be sent again.
    return visit.page(
        "failure.html",
        failure.status,
        failure=failure,
        retry_path=path if visit.request.method in {"GET", "HEAD"} else "",
        request_id=logs.request_id.get(),
    )


def describe(error: Exception) -> Failure:
    """Put an error into words."""
    if isinstance(error, errors.EngineAway):
        return _AWAY
    if isinstance(error, errors.EngineRefused):
        return _refused(error)
    if isinstance(error, HTTPException):
        if error.detail == "stale-form":
            return _STALE_FORM
        return _BY_STATUS.get(error.status_code, _BROKEN)
    return _BROKEN


def _refused(error: errors.EngineRefused) -> Failure:
    if isinstance(error, errors.Forbidden):
        return _FORBIDDEN
    if isinstance(error, errors.NotFound):
        return _MISSING
    if error.status >= _SERVER_ERROR:
        return replace(_TROUBLED, text=_TROUBLED.text.format(cause=_sentence(error.message)))
    return Failure(
        status=error.status,
        title="The engine refused this",
        text=_sentence(error.message),
        retry=isinstance(error, errors.TooMany),
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
