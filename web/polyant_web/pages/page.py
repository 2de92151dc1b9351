"""The gate in front of every page: closed unless a page says otherwise.

Each request passes the same steps: the method, the form and its token, the person. Whatever goes
wrong there or in the page ends in `failures`, so that no page maps errors itself.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from polyant_web.engine.errors import EngineError, Unauthenticated
from polyant_web.pages import failures
from polyant_web.pages.panel import Panel
from polyant_web.pages.visit import Visit
from polyant_web.security import origins, same_origin
from polyant_web.security.cookies import Jar, new_visitor

logger = logging.getLogger(__name__)

Handler = Callable[[Visit], Awaitable[Response]]

_MOST_FIELDS = 300
EVERYWHERE: Final = "/{path:path}"  # what no other page answers
PASSWORD_PAGE: Final = "/password"  # noqa: S105 - a path


class Access(Enum):
    """Who may see a page."""

    PUBLIC = "everybody"
    PASSWORD = "who is signed in, even with an expired password"  # noqa: S105 - a description
    MEMBER = "who is signed in"


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page: an address and method, what it does, who may see it."""

    path: str
    handler: Handler
    method: str = "GET"
    access: Access = Access.MEMBER
    scripted: bool = False  # called by our own script, so failures are JSON


class Gate:
    """An ASGI application that lets requests in to the pages of one address."""

    def __init__(self, panel: Panel, path: str, pages: Sequence[Page]) -> None:
        self._panel = panel
        self._path = path
        self._pages = {page.method: page for page in pages}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request to a page of this address."""
        scope["route_template"] = self._path
        request = Request(scope, receive)
        visit = _arrive(self._panel, request)
        response = await self._answer(visit)
        if visit.session is None and visit.jar.visitor != visit.binding:
            visit.jar.keep_visitor(response, visit.binding)
        await response(scope, receive, send)

    async def _answer(self, visit: Visit) -> Response:
        method = visit.request.method
        page = self._pages.get("GET" if method == "HEAD" else method)
        if page is None and self._path == EVERYWHERE:
            return failures.answer(visit, HTTPException(404))
        if page is None:
            allowed = ", ".join(sorted(self._pages))
            return failures.answer(visit, HTTPException(405, headers={"allow": allowed}))
        try:
            visit = await _identified(page, visit)  # so that failures greet the person as well
            return await _enter(page, visit)
        except (Unauthenticated, _Stranger):
            return _to_sign_in(page, visit)
        except (EngineError, HTTPException) as error:
            return failures.answer(visit, error, scripted=page.scripted)
        except Exception:  # a process boundary: recorded, and the browser gets a page
            logger.exception("page failed")
            return failures.answer(visit, HTTPException(500), scripted=page.scripted)


class _Stranger(Exception):
    """Nobody is signed in, and the page needs a person."""


async def _identified(page: Page, visit: Visit) -> Visit:
    if visit.request.method not in same_origin.SAFE_METHODS:
        visit = replace(visit, form=await _form(visit.request))
        _require_own_form(visit)
    if page.access is Access.PUBLIC:
        return await _recognised(visit)
    if visit.session is None:
        raise _Stranger
    return replace(visit, user=await visit.engine.user())


async def _enter(page: Page, visit: Visit) -> Response:
    if page.access is Access.MEMBER and visit.user and visit.user.must_change_password:
        return visit.go(PASSWORD_PAGE)
    return await page.handler(visit)


def _arrive(panel: Panel, request: Request) -> Visit:
    jar = Jar(request)
    address = origins.of(request).client_address
    token = jar.session
    return Visit(
        request=request,
        panel=panel,
        jar=jar,
        binding=token or jar.visitor or new_visitor(),
        form={},
        session=panel.engine.session(token, client_address=address) if token else None,
    )


async def _recognised(visit: Visit) -> Visit:
    """Greet a person on a public page if the session still holds; the page works without."""
    if visit.session is None:
        return visit
    try:
        return replace(visit, user=await visit.session.user())
    except EngineError:
        return visit


async def _form(request: Request) -> Mapping[str, str]:
    form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    # A browser sends CRLF for line ends in a text area; nobody meant to enter them.
    return {
        name: value.replace("\r\n", "\n") for name, value in form.items() if isinstance(value, str)
    }


def _require_own_form(visit: Visit) -> None:
    token = visit.form.get("csrf", "")
    own = same_origin.is_own(visit.request)
    if not own or not visit.panel.form_tokens.fits(token, visit.binding):
        raise HTTPException(403, "stale-form")


def _to_sign_in(page: Page, visit: Visit) -> Response:
    if page.scripted:
        response = failures.answer(visit, HTTPException(401), scripted=True)
    else:
        wanted = visit.request.url.path if page.method == "GET" else ""
        response = visit.go(f"/signin?next={quote(wanted)}" if wanted else "/signin")
    if visit.session is not None:
        visit.jar.drop_session(response)
    return response
