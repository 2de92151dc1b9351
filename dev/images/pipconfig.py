"""What this machine needs to reach its package index, as two secrets of a build.

A mirror, a proxy or an extra authority is the machine's affair: it must work inside a build and
must never end up in a layer. So the settings that matter are written to a private temporary
folder and mounted for the one instruction that installs.
"""

import ast
import os
import ssl
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.images import process

FORWARDED = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "retries")
WELL_KNOWN = ("/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem")
INSIDE = "/run/build-ca.crt"  # where the Dockerfiles mount the authorities


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Files to mount at build time by secret id."""

    pip_config: Path
    authorities: Path

    def arguments(self) -> list[str]:
        """The options that Docker and buildah share."""
        return [
            f"--secret=id=pip.conf,src={self.pip_config}",
            f"--secret=id=ca.crt,src={self.authorities}",
        ]


@contextmanager
def secrets() -> Iterator[Secrets]:
    """The machine's settings in a folder that is gone after the build."""
    with tempfile.TemporaryDirectory(prefix="polyant-build-") as folder:
        config, authorities = Path(folder, "pip.conf"), Path(folder, "ca.crt")
        config.write_text(render(process.output([sys.executable, "-m", "pip", "config", "list"])))
        authorities.write_bytes(_authorities())
        yield Secrets(pip_config=config, authorities=authorities)


def render(listing: str | None) -> str:
    """Turn the output of `pip config list` into a pip.conf for the build."""
    settings = {"cert": INSIDE, "disable-pip-version-check": "true", "no-input": "true"}
    for line in (listing or "").splitlines():
        name, _, value = line.partition("=")
        option = name.rpartition(".")[2]
        if option in FORWARDED:
            settings[option] = str(ast.literal_eval(value)).replace("\n", "\n    ")
    return "[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())


def _authorities() -> bytes:
    named = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    candidates = (named, ssl.get_default_verify_paths().cafile, *WELL_KNOWN)
    found = next((file for file in candidates if file and Path(file).is_file()), None)
    if found is None:
        raise process.CommandError(
            "no certificate authorities found; install them with: apt-get install -y ca-certificates"
        )
    return Path(found).read_bytes()
