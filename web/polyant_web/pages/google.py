"""Signing in with Google: the way there and the way back.

`/signin/google` sends the browser to Google with a journey in a cookie; Google sends it back to
`/api/auth/callback/google`. Whatever goes wrong ends on the sign-in page in words.
"""

import logging

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from polyant_web.google.account import Account, NotProved
from polyant_web.google.handshake import Handshake
from polyant_web.google.provider import Away, Google
from polyant_web.pages import signin
from polyant_web.pages.visit import Visit
from polyant_web.security import origins
from polyant_web.security.redirects import safe_next

logger = logging.getLogger(__name__)

_AWAY = "Google cannot be reached just now. Try again in a moment, or sign in by password."
_EXPIRED = "This sign-in was begun too long ago or in another window. Try again."
_CANCELLED = "The sign-in with Google was cancelled."
_NOT_PROVED = "Google did not confirm who you are. Try again, or sign in by password."
_REFUSED = {
    "unknown_person": "Nobody here has the address {email}. Ask an administrator to add you.",
    "linked_to_another_account": "{email} belongs to another Google account here."
    " Ask an administrator.",
}


async def begin(visit: Visit) -> Response:
    """Send the browser to Google."""
    wanted = safe_next(visit.request.query_params.get("next"))
    handshake = Handshake.begin(_key(visit), wanted)
    try:
        address = await _google(visit).address(handshake, _origin(visit))
    except Away as error:
        return _problem(visit, 503, _AWAY, error)
    response = RedirectResponse(address, status_code=303)
    visit.jar.keep_journey(response, handshake.ticket)
    return response


async def finish(visit: Visit) -> Response:
    """Take Google's answer; it is good once."""
    response = await _finish(visit)
    visit.jar.drop_journey(response)
    return response


async def _finish(visit: Visit) -> Response:
    google, query = _google(visit), visit.request.query_params
    handshake = Handshake(visit.jar.journey or "", _key(visit))
    if not visit.jar.journey or not handshake.fits(query.get("state", "")):
        return _problem(visit, 400, _EXPIRED)
    if "code" not in query:
        cancelled = query.get("error") == "access_denied"
        return _problem(visit, 401, _CANCELLED if cancelled else _NOT_PROVED, query.get("error"))
    try:
        account = await google.redeem(query["code"], handshake, _origin(visit))
    except Away as error:
        return _problem(visit, 503, _AWAY, error)
    except NotProved as error:
        return _problem(visit, 401, _NOT_PROVED, error)
    return await _enter(visit, account, safe_next(handshake.wanted))


async def _enter(visit: Visit, account: Account, wanted: str) -> Response:
    outcome = await visit.panel.engine.vouch(
        subject=account.subject,
        email=account.email,
        name=account.name,
        may_join=account.may_join(visit.panel.allowed_domains),
        client_address=visit.client_address,
    )
    if outcome.user is None or outcome.session_token is None:
        text = _REFUSED.get(outcome.reason or "", _NOT_PROVED).format(email=account.email)
        return _problem(visit, 403, text, outcome.reason)
    return await signin.enter(visit, outcome.user, outcome.session_token, wanted=wanted)


def _google(visit: Visit) -> Google:
    if visit.panel.google is None:
        raise HTTPException(404)
    return visit.panel.google


def _origin(visit: Visit) -> str:
    return f"{origins.of(visit.request).scheme}://{visit.request.headers['host']}"


def _key(visit: Visit) -> str:
    return visit.panel.form_tokens.secret


def _problem(visit: Visit, status: int, text: str, cause: object = None) -> Response:
    if cause is not None:
        logger.warning("sign-in with Google failed", extra={"cause": str(cause)})
    return signin.form(visit, status, wanted=safe_next(None), problem=text)
