"""Form tokens: proof that a form was rendered by us for this very session.

A token is an HMAC over what the browser keeps in a cookie (the session, or a visitor id before
sign-in), so the panel stores nothing and any replica can verify it. While AUTH_SECRET is changed, a
token of the other value counts too: the replica that rendered a form may not be the one that gets it.
"""

import base64
import hmac
from dataclasses import dataclass, field

_PURPOSE = b"polyant-form\x00"
_FINGERPRINT = b"polyant-auth-secret"


@dataclass(frozen=True)
class FormTokens:
    """Makes and verifies form tokens."""

    secret: str = field(repr=False)
    previous: str | None = field(default=None, repr=False)

    def make(self, binding: str) -> str:
        """Return the token for one session or visitor."""
        return _token(self.secret, binding)

    def fits(self, token: str, binding: str) -> bool:
        """Whether a token was made for this session or visitor."""
        known = [secret for secret in (self.secret, self.previous) if secret is not None]
        found = [
            hmac.compare_digest(token.encode(), _token(each, binding).encode()) for each in known
        ]
        return any(found)


def _token(secret: str, binding: str) -> str:
    digest = hmac.digest(secret.encode(), _PURPOSE + binding.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def fingerprint(auth_secret: str) -> str:
    """Return what engine and panel compare to see that their secrets are equal."""
    return hmac.digest(auth_secret.encode(), _FINGERPRINT, "sha256")[:8].hex()
