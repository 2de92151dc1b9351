"""Who is believed about addresses, decided in one place.

From `edge` follow: how many proxies are believed about the client's address, under which URLs the
installation is known, and which other sites may call it. Everything else copies from here.
"""

from dataclasses import dataclass

from polyant_operator.api.edge import Edge
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.desired import ports


@dataclass(frozen=True, kw_only=True)
class Trust:
    """The settings derived from an edge; None means that the variable isn't set."""

    trust_proxy: int
    auth_trust_host: bool
    web_url: str | None
    engine_url: str | None
    cors_origins: tuple[str, ...]
    internal_engine_url: str

    @property
    def engine_variables(self) -> dict[str, str]:
        """Give what the engine is told."""
        return _given(
            BASE_URL=self.engine_url,
            CORS_ORIGINS=",".join(self.cors_origins) or None,
            NODE_ENV="production",
            TRUST_PROXY=str(self.trust_proxy),
        )

    @property
    def web_variables(self) -> dict[str, str]:
        """Give what the panel is told."""
        return _given(
            AUTH_TRUST_HOST="true" if self.auth_trust_host else None,
            AUTH_URL=self.web_url,
            INTERNAL_ENGINE_URL=self.internal_engine_url,
            NEXT_PUBLIC_API_URL=self.engine_url,
            NODE_ENV="production",
            TRUST_PROXY=str(self.trust_proxy),
        )


def derive(instance: PolyantInstance) -> Trust:
    """Derive all settings from the edge."""
    edge = instance.spec.edge
    host = f"{instance.names.engine}.{instance.namespace}.svc"
    return Trust(
        # Without an edge nobody in front may be believed, whatever the field says.
        trust_proxy=edge.trusted_proxy_hops if edge.exists else 0,
        auth_trust_host=edge.exists,
        web_url=web_url(edge),
        engine_url=engine_url(edge),
        cors_origins=_origins(edge),
        internal_engine_url=f"http://{host}:{ports.INTERNAL}",
    )


def web_url(edge: Edge) -> str | None:
    """Give the panel's public URL; https unless told otherwise, as TLS may end in front of us."""
    if not edge.exists:
        return None
    return edge.public_url or (f"https://{edge.host}" if edge.host else None)


def engine_url(edge: Edge) -> str | None:
    """Give the engine's public URL: its own host's, else the panel's, which serves the API too."""
    if not edge.exists:
        return None
    if edge.engine_public_url is not None:
        return edge.engine_public_url
    return f"https://{edge.engine_host}" if edge.engine_host else web_url(edge)


def _origins(edge: Edge) -> tuple[str, ...]:
    public = web_url(edge)
    own = (public,) if public is not None else ()
    return tuple(dict.fromkeys((*own, *edge.additional_cors_origins)))


def _given(**variables: str | None) -> dict[str, str]:
    return {name: value for name, value in variables.items() if value is not None}
