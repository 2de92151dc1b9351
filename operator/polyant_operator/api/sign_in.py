"""Further ways to sign in, beside e-mail address and password."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from polyant_operator.api.errors import refusal
from polyant_operator.api.model import Model, distinct, matching
from polyant_operator.api.references import ClientIdRef, ClientSecretRef

Domain = Annotated[
    str,
    Field(min_length=1, max_length=253),
    matching(
        r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+",
        "is not a domain",
        "write for example example.com, in lower case, without @",
    ),
]


class Google(Model):
    """Sign in with Google, by an OAuth client of the user's."""

    client_id_secret_ref: ClientIdRef
    client_secret_secret_ref: ClientSecretRef


class SignIn(Model):
    """Which providers, and for whom an account is made at the first visit."""

    google: Google | None = None
    allowed_domains: Annotated[
        tuple[Domain, ...], Field(max_length=32), AfterValidator(distinct)
    ] = ()

    @model_validator(mode="after")
    def _domains_of_a_provider(self) -> Self:
        if "allowed_domains" in self.model_fields_set and self.google is None:
            raise refusal(
                "allowedDomains has no use without google",
                "set google, or remove allowedDomains",
                at="allowedDomains",
            )
        return self
