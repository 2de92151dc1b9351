"""Who the panel is to Google."""

from dataclasses import dataclass, field
from typing import Final

CALLBACK: Final = "/api/auth/callback/google"


@dataclass(frozen=True, kw_only=True)
class Client:
    """An OAuth client of type "web application"."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    panel_url: str | None  # where the browser comes back to; None: where it came from

    def redirect_uri(self, origin: str) -> str:
        """Return the address that has to be entered in Google's console.

        `origin` is what the browser calls us. A forged one leads nowhere: Google sends browsers to
        entered addresses only.
        """
        return (self.panel_url or origin) + CALLBACK
