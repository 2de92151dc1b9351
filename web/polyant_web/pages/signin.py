"""Sign-in and sign-out.

The form posts to `/signin` with the fields `email`, `password`, `csrf` and optionally `next`.
`csrf` is a hidden field of the page, bound to the cookie that came with it. Success answers 303
with a session cookie, to `/password` when a new password is due, else to `next` or `/agents`.
A client without a browser (curl with a cookie jar) signs in the same way: GET `/signin`, read the
value of the field named `csrf`, POST the form. The names of fields and addresses are stable.
"""

from starlette.responses import Response

from polyant_web.engine.errors import EngineError, Invalid, TooMany
from polyant_web.engine.models import SignIn, User
from polyant_web.pages.page import PASSWORD_PAGE
from polyant_web.pages.visit import Visit
from polyant_web.security.redirects import safe_next


async def show(visit: Visit) -> Response:
    """Show the form; who is signed in already goes on."""
    wanted = safe_next(visit.request.query_params.get("next"))
    if visit.user is not None:
        return visit.go(wanted)
    return form(visit, wanted=wanted)


async def submit(visit: Visit) -> Response:
    """Check what was entered and keep the session."""
    wanted = safe_next(visit.form.get("next"))
    email, password = visit.form.get("email", "").strip(), visit.form.get("password", "")
    if not email or not password:
        return form(visit, 422, wanted=wanted, problem="Enter your e-mail address and password.")
    try:
        outcome = await visit.panel.engine.sign_in(
            email, password, client_address=visit.client_address
        )
    except TooMany as error:
        response = form(visit, 429, wanted=wanted, problem=_wait(error.retry_after))
        response.headers["retry-after"] = str(error.retry_after or 60)
        return response
    except Invalid:
        outcome = SignIn(user=None)  # what the engine cannot even read belongs to nobody
    if outcome.user is None or outcome.session_token is None:
        return form(visit, 401, wanted=wanted, problem="E-mail address or password is wrong.")
    return await enter(visit, outcome.user, outcome.session_token, wanted=wanted)


async def enter(visit: Visit, user: User, session_token: str, *, wanted: str) -> Response:
    """Keep a new session in place of a former one, and go on."""
    await _end_former_session(visit)
    response = visit.go(PASSWORD_PAGE if user.must_change_password else wanted)
    visit.jar.keep_session(response, session_token)
    return response


async def leave(visit: Visit) -> Response:
    """End the session, here and in the engine."""
    await _end_former_session(visit)
    response = visit.go("/signin")
    visit.jar.drop_session(response)
    return response


def form(visit: Visit, status: int = 200, *, wanted: str, problem: str = "") -> Response:
    """Show the form again with what is wrong."""
    email = visit.form.get("email", "")
    return visit.page(
        "signin.html",
        status,
        wanted=wanted,
        problem=problem,
        email=email,
        google=visit.panel.google is not None,
    )


async def _end_former_session(visit: Visit) -> None:
    if visit.session is None:
        return
    try:
        await visit.session.sign_out()
    except EngineError:
        return  # it has ended already, or it ends by itself; the browser forgets it either way


def _wait(seconds: int | None) -> str:
    minutes = max(1, round((seconds or 60) / 60))
    unit = "minute" if minutes == 1 else "minutes"
    return f"Too many tries. Wait about {minutes} {unit} and try again."
