"""One request to one page: who is there, what was entered, and how to answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from polyant_web.engine.client import EngineSession
from polyant_web.engine.models import User
from polyant_web.pages.panel import Panel
from polyant_web.security import origins
from polyant_web.security.cookies import THEMES, Jar


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request, after the gate has let it in."""

    request: Request
    panel: Panel
    jar: Jar
    binding: str = field(repr=False)  # what form tokens are bound to: session or visitor id
    form: Mapping[str, str] = field(repr=False)  # what was entered; empty on GET
    session: EngineSession | None  # the engine on behalf of the person; None before sign-in
    user: User | None = None

    @property
    def engine(self) -> EngineSession:
        """The engine on behalf of the person; only on pages that need a person."""
        if self.session is None:
            raise RuntimeError("a public page has no session")
        return self.session

    @property
    def client_address(self) -> str | None:
        """The address of the browser, as far as proxies are trusted."""
        return origins.of(self.request).client_address

    @property
    def form_token(self) -> str:
        """The token that forms of this visit carry in their field `csrf`."""
        return self.panel.form_tokens.make(self.binding)

    @property
    def is_partial(self) -> bool:
        """Whether htmx asked for a part of a page."""
        return self.request.headers.get("hx-request") == "true"

    def entered(self, *names: str) -> dict[str, str]:
        """Return some fields of the form, trimmed; an absent one is empty."""
        return {name: self.form.get(name, "").strip() for name in names}

    def slug(self) -> str:
        """Return the agent's slug in the address."""
        return str(self.request.path_params["slug"])

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """Answer with a rendered template."""
        context = {
            "user": self.user,
            "signed_in": self.session is not None,
            "csrf": self.form_token,
            "theme": self.jar.theme,
            "themes": THEMES,
            "here": _here(self.request),
            **values,
        }
        return HTMLResponse(self.panel.renderer.render(template, context), status)

    def go(self, path: str) -> Response:
        """Answer by sending the browser to another page of ours."""
        if self.is_partial:
            return Response(status_code=204, headers={"hx-redirect": path})
        return RedirectResponse(path, status_code=303)


def _here(request: Request) -> str:
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")
