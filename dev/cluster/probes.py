"""Ready checks: small questions that a component answers with yes or no."""

import socket
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dev.cluster.pki import KeyPair

PATIENCE = 2.0  # seconds for one answer


class Probe(Protocol):
    """A question about a running component."""

    def passed(self) -> bool:
        """Ask once."""
        ...


@dataclass(frozen=True)
class Http:
    """An HTTP(S) address that answers with a success."""

    url: str
    authority: Path | None = None
    client: KeyPair | None = None

    def passed(self) -> bool:
        """Ask once."""
        try:
            with urllib.request.urlopen(self.url, timeout=PATIENCE, context=self._tls()) as answer:  # noqa: S310 - our own addresses
                return bool(answer.status < 300)  # noqa: PLR2004 - the end of the success range
        except (OSError, urllib.error.URLError):
            return False

    def _tls(self) -> ssl.SSLContext | None:
        if not self.url.startswith("https:"):
            return None
        context = ssl.create_default_context(cafile=self.authority)
        if (
            self.authority is None
        ):  # a component with a certificate of its own making, on this machine
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.client is not None:
            context.load_cert_chain(self.client.certificate, self.client.key)
        return context


@dataclass(frozen=True)
class Tcp:
    """A port that accepts connections."""

    host: str
    port: int

    def passed(self) -> bool:
        """Ask once."""
        try:
            with socket.create_connection((self.host, self.port), timeout=PATIENCE):
                return True
        except OSError:
            return False


@dataclass(frozen=True)
class Exists:
    """A file or socket that appears once the component is up."""

    path: Path

    def passed(self) -> bool:
        """Ask once."""
        return self.path.exists()
