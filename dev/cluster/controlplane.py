"""etcd and the API server: enough Kubernetes for integration tests, ready in seconds, without root.

The same components start every local cluster; a full one adds a node (`dev.cluster.node`).
"""

import secrets
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dev.cluster import kubeconfig, pki, probes
from dev.cluster.processes import Component, Processes
from dev.cluster.progress import Progress, printed
from dev.cluster.tools import build


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The TCP ports of a control plane."""

    etcd: int
    etcd_peer: int
    api: int


@dataclass(frozen=True, kw_only=True)
class Access:
    """All the ways into an API server."""

    server: str
    kubeconfig: Path
    authority: Path
    client: pki.KeyPair
    token: str
    """Bearer token of a cluster administrator."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What differs between a control plane for tests and that of a full cluster."""

    ports: Ports
    host: str = "127.0.0.1"
    """The address the API server listens on."""
    service_cidr: str = "10.96.0.0/16"
    service_ip: str = "10.96.0.1"
    context: str = "polyant-test"
    flags: tuple[str, ...] = ()
    """Further flags of the API server."""


TEST_FLAGS = (
    # Nothing makes the default ServiceAccount here, so pods must not have to wait for it.
    "--disable-admission-plugins=ServiceAccount",
    # A loopback address is refused as an endpoint, so nobody maintains the kubernetes Service.
    "--endpoint-reconciler-type=none",
)


class ControlPlane:
    """A control plane in a folder of its own; `with ControlPlane(folder) as access: …`."""

    def __init__(
        self,
        folder: Path,
        ports: Ports | None = None,
        *,
        flags: tuple[str, ...] = (),
        progress: Progress = printed,
    ) -> None:
        self._folder = folder
        self._settings = Settings(ports=ports or free_ports(), flags=TEST_FLAGS + flags)
        self._progress = progress
        self._processes = Processes(folder, die_with_parent=True)

    def __enter__(self) -> Self:
        """Start, and stop again when starting fails."""
        with ExitStack() as undo:
            undo.callback(self.stop)
            self.start()
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def start(self) -> Access:
        """Start etcd and the API server; return once the API server is ready."""
        build.binaries(["etcd", "kube-apiserver"], self._progress)
        self.access = prepare(self._folder, self._settings)
        self._processes.start(components(self._folder, self._settings))
        return self.access

    def stop(self) -> None:
        """Stop both and wait until they are gone."""
        self._processes.stop(["kube-apiserver", "etcd"], gently=False)


def free_ports() -> Ports:
    """Return ports that nobody listens on now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(3)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        etcd, etcd_peer, api = (int(each.getsockname()[1]) for each in sockets)
    return Ports(etcd=etcd, etcd_peer=etcd_peer, api=api)


def prepare(folder: Path, settings: Settings) -> Access:
    """Write certificates, the administrator's token and kubeconfig."""
    keys = folder / "pki"
    cluster = pki.Authority(keys, "ca")
    store = pki.Authority(keys, "etcd-ca")  # apart: who may call the API may not read the store
    store.issue("etcd", pki.Identity(name="etcd", hosts=_names(settings)))
    cluster.issue("apiserver", pki.Identity(name="kube-apiserver", hosts=_names(settings)))
    cluster.issue("apiserver-kubelet", pki.Identity(name="kube-apiserver", groups=_MASTERS))
    admin = cluster.issue("admin", pki.Identity(name="admin", groups=_MASTERS))
    pki.write_signing_key(keys, "service-accounts")
    server = f"https://{settings.host}:{settings.ports.api}"
    text = kubeconfig.rendered(server, cluster.certificate, admin, context=settings.context)
    return Access(
        server=server,
        kubeconfig=kubeconfig.write(folder / "kubeconfig", text),
        authority=cluster.certificate,
        client=admin,
        token=_token(keys / "tokens.csv"),
    )


def components(folder: Path, settings: Settings) -> tuple[Component, ...]:
    """Return etcd and the API server, in order of start."""
    return (_etcd(folder, settings), _api_server(folder, settings))


_MASTERS = ("system:masters",)


def _names(settings: Settings) -> tuple[str, ...]:
    service = "kubernetes.default.svc"
    names = ("localhost", "kubernetes", "kubernetes.default", service, f"{service}.cluster.local")
    return (*names, *sorted({"127.0.0.1", settings.host, settings.service_ip}))


def _token(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f'{secrets.token_hex(16)},admin,admin,"system:masters"\n', encoding="utf-8")
    return path.read_text(encoding="utf-8").split(",")[0]


def _etcd(folder: Path, settings: Settings) -> Component:
    keys = folder / "pki"
    client = f"https://{settings.host}:{settings.ports.etcd}"
    peer = f"https://{settings.host}:{settings.ports.etcd_peer}"
    trust = keys / "etcd-ca.crt"
    return Component(
        name="etcd",
        argv=(
            str(build.location("etcd")),
            f"--data-dir={folder / 'etcd'}",
            "--unsafe-no-fsync",  # a development cluster may lose its last second
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            f"--cert-file={keys / 'etcd.crt'}",
            f"--key-file={keys / 'etcd.key'}",
            f"--trusted-ca-file={trust}",
            "--client-cert-auth",
            f"--peer-cert-file={keys / 'etcd.crt'}",
            f"--peer-key-file={keys / 'etcd.key'}",
            f"--peer-trusted-ca-file={trust}",
            "--peer-client-cert-auth",
            "--log-level=warn",
        ),
        ready=probes.Tcp(settings.host, settings.ports.etcd),
    )


def _api_server(folder: Path, settings: Settings) -> Component:
    keys = folder / "pki"
    signing = keys / "service-accounts.key"
    return Component(
        name="kube-apiserver",
        argv=(
            str(build.location("kube-apiserver")),
            f"--etcd-servers=https://{settings.host}:{settings.ports.etcd}",
            f"--etcd-cafile={keys / 'etcd-ca.crt'}",
            f"--etcd-certfile={keys / 'etcd.crt'}",
            f"--etcd-keyfile={keys / 'etcd.key'}",
            f"--bind-address={settings.host}",
            f"--advertise-address={settings.host}",
            f"--secure-port={settings.ports.api}",
            f"--tls-cert-file={keys / 'apiserver.crt'}",
            f"--tls-private-key-file={keys / 'apiserver.key'}",
            f"--client-ca-file={keys / 'ca.crt'}",
            f"--token-auth-file={keys / 'tokens.csv'}",
            f"--service-cluster-ip-range={settings.service_cidr}",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={keys / 'service-accounts.pub'}",
            f"--service-account-signing-key-file={signing}",
            f"--kubelet-client-certificate={keys / 'apiserver-kubelet.crt'}",
            f"--kubelet-client-key={keys / 'apiserver-kubelet.key'}",
            "--authorization-mode=Node,RBAC",
            "--allow-privileged=true",
            "--profiling=false",
            "--shutdown-delay-duration=0s",
            *settings.flags,
        ),
        ready=probes.Http(
            f"https://{settings.host}:{settings.ports.api}/readyz",
            keys / "ca.crt",
            pki.KeyPair(keys / "admin.crt", keys / "admin.key"),
        ),
    )
