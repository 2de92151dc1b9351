"""The application: pages, static files and health, inside the middleware that protects them.

From the outside in: the request is observed, its origin worked out, its answer closed by headers,
its body limited; then the pages, each behind its gate.
"""

import asyncio
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from polyant_web import authorities
from polyant_web.engine.client import Engine
from polyant_web.engine.errors import EngineError
from polyant_web.engine.transport import Transport
from polyant_web.google.provider import Google
from polyant_web.observability.metrics import Metrics
from polyant_web.observability.requests import Observed
from polyant_web.pages import table
from polyant_web.pages.assets import Assets
from polyant_web.pages.panel import Panel
from polyant_web.pages.rendering import Renderer
from polyant_web.security.bodies import BodyLimit
from polyant_web.security.form_tokens import FormTokens, fingerprint
from polyant_web.security.headers import SecurityHeaders
from polyant_web.security.origins import Origins, Trust
from polyant_web.settings import Settings

LARGEST_FORM = 1024 * 1024
_PATIENCE_SECONDS = 2.5  # a probe waits for three


def build(
    settings: Settings, transport: Transport, metrics: Metrics, renderer: Renderer
) -> Starlette:
    """Return the application of the main port."""
    panel = Panel(
        engine=Engine(transport),
        renderer=renderer,
        form_tokens=FormTokens(settings.auth_secret, settings.previous_auth_secret),
        metrics=metrics,
        public_api_url=settings.public_api_url,
        google=_google(settings),
        allowed_domains=settings.allowed_domains,
    )
    trust = Trust(
        forwarded=settings.trust_host, hops=settings.proxy_hops, own_url=settings.panel_url
    )
    app = Starlette(
        routes=[
            Route("/health", _health),
            Route("/robots.txt", _robots),
            Mount("/static", Assets()),
            *table.routes(panel),
        ],
        middleware=[
            Middleware(Observed, metrics=metrics),
            Middleware(Origins, trust=trust),
            Middleware(SecurityHeaders),
            Middleware(BodyLimit, limit=LARGEST_FORM),
        ],
    )
    app.router.redirect_slashes = False
    return app


def _google(settings: Settings) -> Google | None:
    if settings.google is None:
        return None
    return Google(settings.google, authorities.context(settings.extra_ca_file))


async def readiness(settings: Settings, transport: Transport) -> str | None:
    """Return why the panel cannot serve, or None."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            theirs = await Engine(transport).fingerprint()
    except EngineError as error:
        return f"the engine at {settings.engine_url} does not answer as expected: {error}"
    except TimeoutError:
        return f"the engine at {settings.engine_url} did not answer in {_PATIENCE_SECONDS} s"
    known = (settings.auth_secret, settings.previous_auth_secret)
    if theirs not in {fingerprint(secret) for secret in known if secret is not None}:
        return (
            "AUTH_SECRET of the panel differs from the engine's: "
            "give both the same value and restart the one that was wrong"
        )
    return None


async def _health(request: Request) -> Response:
    request.scope["route_template"] = "/health"
    now = datetime.now(UTC).isoformat()  # noqa: TID251 - the answer tells the time
    return JSONResponse({"status": "ok", "timestamp": now, "service": "polyant-web"})


async def _robots(_: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")
