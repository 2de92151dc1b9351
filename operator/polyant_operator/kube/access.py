"""Where the API server is and who we are: the pod's own service account, or a kubeconfig file.

A pod needs four files, so they are read here. The official package, which costs 46 MB of memory,
is imported only outside a cluster, where kubeconfig files with their many ways to log in occur.
Token files are read again and again because the kubelet replaces them before they expire.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from polyant_operator.kube import errors

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
IN_CLUSTER_SERVER = "https://kubernetes.default.svc"


@dataclass(frozen=True, kw_only=True)
class Access:
    """An API server and the credentials for it."""

    server: str
    ca_file: str | None = None
    client_cert_file: str | None = None
    client_key_file: str | None = None
    token: str | None = None
    # Read at each request; wins over `token`.
    token_file: Path | None = None
    # Asked at each request, for log-ins that expire; wins over both.
    token_source: Callable[[], str | None] | None = None
    insecure: bool = False
    # Impersonated user, for tests of rights.
    impersonate: str | None = None

    def headers(self) -> dict[str, str]:
        """Headers that say who is asking."""
        token = self.current_token()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return headers | ({"Impersonate-User": self.impersonate} if self.impersonate else {})

    def current_token(self) -> str | None:
        """The bearer token as it is now."""
        if self.token_source is not None:
            return self.token_source()
        if self.token_file is None:
            return self.token
        try:
            return self.token_file.read_text().strip()
        except OSError as error:
            raise errors.NoAccess(
                f"cannot read the token file {self.token_file}: {error}"
            ) from error

    def tls(self) -> ssl.SSLContext | bool:
        """The TLS context, or False for a plain-text server."""
        if not self.server.startswith("https:"):
            return False
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.client_cert_file:
            context.load_cert_chain(self.client_cert_file, self.client_key_file)
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def load(kubeconfig: str | None, folder: Path = SERVICE_ACCOUNT) -> Access:
    """Find the API server: a kubeconfig when named, else the pod's service account."""
    if kubeconfig:
        return from_kubeconfig(kubeconfig)
    if (folder / "token").is_file():
        return in_cluster(folder)
    raise errors.NoAccess(
        f"no access to a cluster: {folder}/token does not exist (not in a pod, or the service account"
        " token is not mounted) and KUBECONFIG is not set. Set KUBECONFIG to a kubeconfig file."
    )


def in_cluster(folder: Path = SERVICE_ACCOUNT) -> Access:
    """The access every pod has."""
    return Access(
        server=IN_CLUSTER_SERVER, ca_file=str(folder / "ca.crt"), token_file=folder / "token"
    )


def from_kubeconfig(path: str) -> Access:
    """The access described by the current context of a kubeconfig file."""
    # Heavy, and never needed inside a pod.
    from kubernetes import config
    from kubernetes.client import Configuration

    loaded: Any = Configuration()
    read: Any = config.load_kube_config
    try:
        read(config_file=path, client_configuration=loaded)
    except (config.ConfigException, OSError) as error:
        raise errors.NoAccess(f"KUBECONFIG={path}: {error}") from error
    return Access(
        server=str(loaded.host).rstrip("/"),
        ca_file=loaded.ssl_ca_cert,
        client_cert_file=loaded.cert_file,
        client_key_file=loaded.key_file,
        token_source=partial(_bearer, loaded),
        insecure=not loaded.verify_ssl,
    )


def _bearer(loaded: Any) -> str | None:
    value = loaded.get_api_key_with_prefix("BearerToken", alias="authorization")
    return str(value).removeprefix("Bearer ") if value else None


def impersonating(access: Access, user: str) -> Access:
    """The same access, acting as another user."""
    return replace(access, impersonate=user)
