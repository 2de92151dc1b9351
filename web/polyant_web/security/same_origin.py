"""Unsafe requests must come from our own pages.

A modern browser says so in `Sec-Fetch-Site`, an older one in `Origin`. A client that sends
neither is no browser, so nobody's cookies are in it without their knowledge; the form token,
which every unsafe request needs as well, still decides.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request

from polyant_web.security import origins
from polyant_web.security.origins import Origin

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_own(request: Request) -> bool:
    """Whether an unsafe request comes from one of our own pages."""
    return judge(request.headers, origins.of(request))


def judge(headers: Headers, own: Origin) -> bool:
    """Decide by the two headers."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    claimed = headers.get("origin")
    return claimed is None or _matches(claimed, own)


def _matches(claimed: str, own: Origin) -> bool:
    try:
        parts = urlsplit(claimed)
        any_port = f"{parts.hostname}:*"
    except ValueError:
        return False
    # A page over https may post to us when we see http (TLS ended in front), never the reverse.
    schemes = {"https"} if own.secure else {"http", "https"}
    return parts.scheme in schemes and own.hosts & {parts.netloc.lower(), any_port} != set()
