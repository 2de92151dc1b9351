"""Sign in at the panel, the way a person does: read the form, send it, keep the cookie."""

import html
import re
from http import HTTPStatus

from dev.up.edgeclient import EdgeClient
from dev.up.errors import StepError

SESSION = "polyant_session"
REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY}
REDIRECTS = {HTTPStatus.FOUND, HTTPStatus.SEE_OTHER}
FIELD = re.compile(r"<input\b[^>]*\bname=\"?csrf\b[^>]*>")
VALUE = re.compile(r"\bvalue=\"([^\"]+)\"")


def sign_in(client: EdgeClient, email: str, password: str) -> str | None:
    """Return the session token; None means that e-mail address or password is wrong."""
    fields = {"email": email, "password": password, "csrf": _form_token(client)}
    answer = client.post_form("/signin", fields)
    if answer.status in REFUSED:
        return None
    if answer.status not in REDIRECTS:
        raise StepError(f"the panel answered the sign-in with status {answer.status}")
    for name in (SESSION, f"__Host-{SESSION}"):
        if client.cookies.get(name):
            return client.cookies[name]
    raise StepError("the panel accepted the sign-in but set no session cookie")


def _form_token(client: EdgeClient) -> str:
    page = client.get("/signin")
    field = FIELD.search(page.text)
    value = VALUE.search(field[0]) if field else None
    if page.status != HTTPStatus.OK or value is None:
        raise StepError(f"GET /signin through the edge answered {page.status} without a form")
    return html.unescape(value[1])
