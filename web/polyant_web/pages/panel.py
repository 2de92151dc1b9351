"""What every page may use: made once per process, passed to all of them."""

from dataclasses import dataclass

from polyant_web.engine.client import Engine
from polyant_web.google.provider import Google
from polyant_web.observability.metrics import Metrics
from polyant_web.pages.rendering import Renderer
from polyant_web.security.form_tokens import FormTokens


@dataclass(frozen=True, kw_only=True)
class Panel:
    """The panel's means."""

    engine: Engine
    renderer: Renderer
    form_tokens: FormTokens
    metrics: Metrics
    public_api_url: str | None
    google: Google | None  # sign-in with Google, when it is configured
    allowed_domains: frozenset[str]  # whose accounts may join
