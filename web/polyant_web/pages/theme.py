"""The switch between light, dark and what the browser prefers; kept in a cookie."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from polyant_web.pages.visit import Visit
from polyant_web.security.cookies import THEMES
from polyant_web.security.redirects import safe_next


async def choose(visit: Visit) -> Response:
    """Remember the theme and go back to where it was chosen."""
    theme = visit.form.get("theme", "")
    if theme not in THEMES:
        raise HTTPException(400)
    wanted = visit.form.get("next", "")
    # The sign-in page is no place to return to after a form, except from its own switch.
    response = visit.go("/signin" if wanted.startswith("/signin") else safe_next(wanted))
    visit.jar.keep_theme(response, theme)
    return response
