"""Who somebody is, from the claims of an ID token whose signature was checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class NotProved(Exception):
    """Google's answer does not prove who somebody is; the text is for the log."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """A Google account."""

    subject: str  # never given to anybody else, unlike the address
    email: str
    name: str
    domain: str | None  # of the organisation that runs the account; None for a private one

    def may_join(self, domains: frozenset[str]) -> bool:
        """Whether the account belongs to one of these organisations.

        The claim `hd` decides, not the address: a private account may carry an address of an
        organisation that its owner has left.
        """
        return self.domain is not None and self.domain in domains


def read(claims: Mapping[str, Any], nonce: str) -> Account:
    """Return the account of verified claims, or raise `NotProved`."""
    if claims.get("nonce") != nonce:
        raise NotProved("the ID token was made for another sign-in")
    email, domain = claims.get("email"), claims.get("hd")
    if not isinstance(email, str) or not email:
        raise NotProved("the ID token names no e-mail address")
    if claims.get("email_verified") is not True:
        raise NotProved("Google has not verified the e-mail address")
    return Account(
        subject=str(claims["sub"]),
        email=email,
        name=str(claims.get("name") or email),
        domain=domain.lower() if isinstance(domain, str) and domain else None,
    )
