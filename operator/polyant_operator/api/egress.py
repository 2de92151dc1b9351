"""The way out: a proxy, and authorities of one's own."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from polyant_operator.api.errors import refusal
from polyant_operator.api.model import Model, distinct, matching
from polyant_operator.api.references import SecretKey, SecretName

ProxyUrl = Annotated[
    str,
    Field(min_length=1, max_length=512),
    matching(
        r"https?://[^\s/?#@]+/?",
        "is not a proxy URL",
        "write for example http://proxy.example.com:3128, without user, path or query",
    ),
]
NoProxy = Annotated[
    str,
    Field(min_length=1, max_length=253),
    matching(
        r"\.?[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:[0-9]{1,5})?"
        r"|[0-9.]+/[0-9]{1,2}|[0-9a-fA-F:]*:[0-9a-fA-F:]+(/[0-9]{1,3})?",
        "is not a noProxy entry",
        "write one host, .domain, address or range of addresses, without scheme, * or comma",
    ),
]


class CaBundleRef(Model):
    """A ConfigMap with certificate authorities, trusted besides the public ones."""

    config_map: SecretName
    key: SecretKey = "ca.crt"


class EgressProxy(Model):
    """The proxy for connections out of the cluster."""

    https_proxy: ProxyUrl | None = None
    http_proxy: ProxyUrl | None = None
    no_proxy: Annotated[tuple[NoProxy, ...], Field(max_length=64), AfterValidator(distinct)] = ()

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if self.https_proxy is None and self.http_proxy is None:
            raise refusal(
                "egressProxy has neither httpsProxy nor httpProxy",
                "set one of them, or remove egressProxy",
            )
        return self
