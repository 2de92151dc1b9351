"""Under which URL a caller called: what a webhook's signature was made over.

Twilio signs the URL it was told, letter by letter. `BASE_URL` says how that begins; the rest is the
path and the query as they came, undecoded. Headers that a proxy may pass on from the caller say
nothing here while `BASE_URL` is set, because a proxy does not clean `Host` or `X-Forwarded-Host`.

Without `BASE_URL` (no Kubernetes), scheme and host are those of the request, or, behind trusted
proxies, what the outermost of them wrote.
"""

from collections.abc import Iterable

from starlette.types import Scope

from polyant_engine.core.middleware.client_address import Hops


def of(scope: Scope, base_url: str | None, hops: Hops) -> str:
    """Return the URL of a request."""
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    start = base_url or _claimed(scope, hops)
    return f"{start}{path}?{query}" if query else f"{start}{path}"


def _claimed(scope: Scope, hops: Hops) -> str:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    scheme = _written(headers, b"x-forwarded-proto", hops)
    host = _written(headers, b"x-forwarded-host", hops)
    given = next((value.decode("latin-1") for name, value in headers if name == b"host"), "")
    return f"{scheme or scope['scheme']}://{host or given}"


def _written(headers: Iterable[tuple[bytes, bytes]], wanted: bytes, hops: Hops) -> str:
    """Return the outermost trusted entry; many proxies write one value, not a list."""
    values = [value.decode("latin-1") for name, value in headers if name == wanted]
    entries = [entry.strip() for value in values for entry in value.split(",") if entry.strip()]
    if not entries or hops == 0:
        return ""
    return entries[0] if hops == "all" else entries[-min(hops, len(entries))]
