"""The cookies of the panel: session, visitor, journey to Google, theme.

Over https all but the last carry the `__Host-` prefix, which makes a browser refuse them from
another host, another path or plain http. Over plain http (a demo on localhost) a browser would
drop such cookies, so they go without prefix and without Secure. Only the name that fits the
scheme is ever read: a plain-http neighbour cannot plant a session into a https panel.
"""

import re
import secrets
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from polyant_web.security import origins

_WEEK = 7 * 24 * 3600
_TEN_MINUTES = 600
_YEAR = 365 * 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_.~+/=-]{8,512}")
_THEME = "polyant_theme"
THEMES = ("system", "light", "dark")


@dataclass(frozen=True)
class Jar:
    """Reads and writes the cookies of one request."""

    request: Request

    @property
    def _secure(self) -> bool:
        return origins.of(self.request).secure

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self._secure else name

    def _read(self, name: str) -> str | None:
        value = self.request.cookies.get(self._name(name), "")
        return value if _TOKEN.fullmatch(value) else None

    def _write(self, response: Response, name: str, value: str, max_age: int) -> None:
        response.set_cookie(
            self._name(name),
            value,
            max_age=max_age,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    @property
    def session(self) -> str | None:
        """The session token, if the browser holds one."""
        return self._read("polyant_session")

    def keep_session(self, response: Response, token: str) -> None:
        """Give the browser a session; the engine decides how long it is good for."""
        self._write(response, "polyant_session", token, _WEEK)

    def drop_session(self, response: Response) -> None:
        """Take the session from the browser."""
        self._write(response, "polyant_session", "", 0)

    @property
    def visitor(self) -> str | None:
        """The id of a browser that has not signed in; only form tokens are bound to it."""
        return self._read("polyant_visitor")

    def keep_visitor(self, response: Response, visitor: str) -> None:
        """Give the browser a visitor id."""
        self._write(response, "polyant_visitor", visitor, _WEEK)

    @property
    def journey(self) -> str | None:
        """What a sign-in with Google that began here is known by."""
        return self._read("polyant_journey")

    def keep_journey(self, response: Response, ticket: str) -> None:
        """Let the browser remember a sign-in with Google until it comes back."""
        self._write(response, "polyant_journey", ticket, _TEN_MINUTES)

    def drop_journey(self, response: Response) -> None:
        """Forget it: each answer of Google is good once."""
        self._write(response, "polyant_journey", "", 0)

    @property
    def theme(self) -> str:
        """The chosen theme; `system` follows the browser."""
        value = self.request.cookies.get(_THEME, "system")
        return value if value in THEMES else "system"

    def keep_theme(self, response: Response, theme: str) -> None:
        """Remember the chosen theme."""
        response.set_cookie(
            _THEME,
            theme,
            max_age=_YEAR,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )


def new_visitor() -> str:
    """Make a visitor id."""
    return secrets.token_urlsafe(24)
