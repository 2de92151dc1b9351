"""Every page of the panel in one table; what is not `public` or `password` needs a person."""

from itertools import groupby

from starlette.routing import BaseRoute, Route

from polyant_web.google.client import CALLBACK
from polyant_web.pages import (
    agent,
    agents,
    google,
    missing,
    own_key,
    password,
    playground,
    prompts,
    signin,
    theme,
)
from polyant_web.pages.page import EVERYWHERE, Access, Gate, Page
from polyant_web.pages.panel import Panel

_PUBLIC, _PASSWORD = Access.PUBLIC, Access.PASSWORD

# Addresses of one path stand together; the catch-all stands last.
PAGES = (
    Page(path="/", handler=missing.home),
    Page(path="/signin", handler=signin.show, access=_PUBLIC),
    Page(path="/signin", handler=signin.submit, method="POST", access=_PUBLIC),
    Page(path="/signin/google", handler=google.begin, access=_PUBLIC),
    Page(path=CALLBACK, handler=google.finish, access=_PUBLIC),
    Page(path="/signout", handler=signin.leave, method="POST", access=_PUBLIC),
    Page(path="/theme", handler=theme.choose, method="POST", access=_PUBLIC),
    Page(path="/password", handler=password.show, access=_PASSWORD),
    Page(path="/password", handler=password.submit, method="POST", access=_PASSWORD),
    Page(path="/agents", handler=agents.show),
    Page(path="/agents", handler=agents.create, method="POST"),
    Page(path="/agents/new", handler=agents.new),
    Page(path="/agents/{slug}", handler=agent.show),
    Page(path="/agents/{slug}", handler=agent.save, method="POST"),
    Page(path="/agents/{slug}/api-key", handler=agent.create_api_key, method="POST"),
    Page(path="/agents/{slug}/api-key/revoke", handler=agent.revoke_api_key, method="POST"),
    Page(path="/agents/{slug}/access", handler=agent.set_access, method="POST"),
    Page(path="/agents/{slug}/own-key", handler=own_key.save, method="POST"),
    Page(path="/agents/{slug}/own-key/remove", handler=own_key.remove, method="POST"),
    Page(path="/agents/{slug}/prompts", handler=prompts.show),
    Page(path="/agents/{slug}/prompts", handler=prompts.save, method="POST"),
    Page(path="/agents/{slug}/delete", handler=agent.confirm_delete),
    Page(path="/agents/{slug}/delete", handler=agent.delete, method="POST"),
    Page(path="/playground", handler=playground.choose),
    Page(path="/playground/{slug}", handler=playground.show),
    Page(path="/playground/{slug}", handler=playground.send, method="POST"),
    Page(path="/playground/{slug}/stream", handler=playground.stream, method="POST", scripted=True),
    Page(path=EVERYWHERE, handler=missing.show, access=_PUBLIC),
)


def routes(panel: Panel) -> list[BaseRoute]:
    """Return one route per address, each behind its gate."""
    addresses = ((path, list(pages)) for path, pages in groupby(PAGES, key=lambda page: page.path))
    return [Route(path, Gate(panel, path, pages)) for path, pages in addresses]
