"""One journey to Google and back, held by one cookie.

The cookie carries a random seed and the page to go to afterwards. What Google sees (state, nonce,
PKCE challenge) is derived from it with the panel's key, so any replica can finish what another one
began, nothing is stored, and an answer fits only the browser that asked.

    state     comes back in the address: the answer belongs to this browser
    nonce     comes back in the ID token: the token was made for this journey
    verifier  goes with the code: the code was asked for by us (RFC 7636, S256)
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

_PURPOSE = b"polyant-google\x00"
_LONGEST = 400  # a longer page address would not fit the cookie


@dataclass(frozen=True)
class Handshake:
    """What one journey is known by."""

    ticket: str = field(repr=False)  # the cookie's value: seed, dot, page
    key: str = field(repr=False)

    @classmethod
    def begin(cls, key: str, wanted: str) -> "Handshake":
        """Start a journey that is to end on a page of ours."""
        page = base64.urlsafe_b64encode(wanted.encode()).decode()
        seed = secrets.token_urlsafe(24)
        return cls(f"{seed}.{page}" if len(page) <= _LONGEST else f"{seed}.", key)

    @property
    def wanted(self) -> str:
        """The page to go to afterwards; empty when there is none."""
        _, _, page = self.ticket.partition(".")
        try:
            return base64.urlsafe_b64decode(page.encode()).decode()
        except ValueError:
            return ""

    @property
    def state(self) -> str:
        """Return what comes back in the address."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """Return what comes back in the ID token."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """Return what goes with the code: 43 characters."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """Return the hash of the verifier that goes ahead."""
        return _text(hashlib.sha256(self.verifier.encode()).digest())

    def fits(self, state: str) -> bool:
        """Whether an answer belongs to this journey."""
        return hmac.compare_digest(state.encode(), self.state.encode())

    def _derived(self, what: str) -> str:
        content = _PURPOSE + f"{what}\x00{self.ticket}".encode()
        return _text(hmac.digest(self.key.encode(), content, "sha256"))


def _text(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
