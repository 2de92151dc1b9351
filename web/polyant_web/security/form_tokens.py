"""Form tokens: proof that a form was rendered by us for this very session.

A token is an HMAC over what the browser keeps in a cookie (the session, or a visitor id before
sign-in), so the panel stores nothing and any replica can verify it.
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

    def make(self, binding: str) -> str:
        """Return the token for one session or visitor."""
        digest = hmac.digest(self.secret.encode(), _PURPOSE + binding.encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def fits(self, token: str, binding: str) -> bool:
        """Whether a token was made for this session or visitor."""
        return hmac.compare_digest(token.encode(), self.make(binding).encode())


def fingerprint(auth_secret: str) -> str:
    """Return what engine and panel compare to see that their secrets are equal."""
    return hmac.digest(auth_secret.encode(), _FINGERPRINT, "sha256")[:8].hex()
