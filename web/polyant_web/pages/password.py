"""A new password: asked for at the first sign-in, offered at any time.

The form posts to `/password` with the fields `current_password`, `new_password`, `csrf`. While a
new password is due the current one is not needed: the person has just signed in with it.
"""

from starlette.responses import Response

from polyant_web.engine.errors import EngineRefused
from polyant_web.pages import validation
from polyant_web.pages.validation import Complaints
from polyant_web.pages.visit import Visit
from polyant_web.security.redirects import HOME

# Which field a complaint is about: by the engine's code, or by its own name of the field.
_BY_CODE = {
    "password_length": "new_password",
    "password_unchanged": "new_password",
    "password_wrong": "current_password",
}
_BY_NAME = {"currentPassword": "current_password", "newPassword": "new_password"}


async def show(visit: Visit) -> Response:
    """Show the form."""
    return _form(visit)


async def submit(visit: Visit) -> Response:
    """Set the password."""
    current = visit.form.get("current_password") or None
    try:
        await visit.engine.change_password(current, visit.form.get("new_password", ""))
    except validation.ENTERED_WRONGLY as error:
        return _form(visit, 422, _complaints(error))
    forced = visit.user is not None and visit.user.must_change_password
    return visit.go(HOME if forced else "/password?saved=1")


def _form(visit: Visit, status: int = 200, complaints: Complaints = validation.NONE) -> Response:
    forced = visit.user is not None and visit.user.must_change_password
    saved = visit.request.query_params.get("saved") == "1"
    return visit.page("password.html", status, forced=forced, saved=saved, complaints=complaints)


def _complaints(error: EngineRefused) -> Complaints:
    if error.code in _BY_CODE:
        return Complaints(fields={_BY_CODE[error.code]: error.message}, form=())
    sorted_out = validation.sort(error, _BY_NAME)
    fields = {_BY_NAME[name]: text for name, text in sorted_out.fields.items()}
    return Complaints(fields=fields, form=sorted_out.form)
