"""A real etcd and API server that write down each request of the operator under measurement.

The audit log knows only the measured users, so that counting its lines counts their requests.
"""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dev.cluster import controlplane
from polyant_operator.kube.access import Access
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import CRD as CRD_KIND
from polyant_operator.kube.kinds import INGRESS_CLASS, Kind, Object

CRD = Path(__file__).parents[2] / "crds" / "polyant.ai_polyantinstances.yaml"
MEASURED = ("ours", "naive")
POLICY = f"""
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - {{level: Metadata, users: [{", ".join(MEASURED)}]}}
  - {{level: None}}
"""
CLUSTER_ROLE_BINDING = Kind(
    "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False
)
NAMESPACE = Kind("v1", "Namespace", "namespaces", namespaced=False)
# Where the measured operators keep their Lease.
HOME = "polyant-system"


@dataclass(frozen=True)
class Request:
    """One request of a measured user."""

    verb: str
    resource: str
    namespace: str
    code: int
    at: float  # seconds since the epoch, when it was answered

    @property
    def writes(self) -> bool:
        """Tell whether it asked for a change."""
        return self.verb not in ("get", "list", "watch")

    @property
    def keeps_lease(self) -> bool:
        """Tell whether it is a sign of life, or a look for one, which goes on forever."""
        return self.resource == "leases" and (self.namespace == HOME or self.verb == "list")


class Audit:
    """The requests of the measured users, in order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def skip(self) -> None:
        """Forget what was written so far."""
        self._offset = self._path.stat().st_size if self._path.exists() else 0

    def read(self) -> list[Request]:
        """Give what was written since the last look."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as log:
            log.seek(self._offset)
            text = log.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [_request(json.loads(line)) for line in whole.splitlines()]


def _request(event: dict[str, Any]) -> Request:
    about = event.get("objectRef") or {}
    return Request(
        verb=event["verb"],
        resource=str(about.get("resource")),
        namespace=str(about.get("namespace")),
        code=int((event.get("responseStatus") or {}).get("code", 0)),
        at=datetime.fromisoformat(event["stageTimestamp"]).timestamp(),
    )


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A running API server."""

    folder: Path
    access: Access
    audit: Audit

    def client(self) -> Client:
        """Give a client of the administrator, whom nobody counts."""
        return Client(self.access, rate=100_000, timeout=60)

    def token_file(self, user: str) -> Path:
        """Give the token of a measured user as a file."""
        return self.folder / f"{user}.token"


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """Run the servers until the block ends."""
    tokens = {user: secrets.token_hex(16) for user in ("admin", *MEASURED)}
    _write_tokens(folder, tokens)
    policy = folder / "audit.yaml"
    policy.write_text(POLICY)
    log = folder / "audit.log"
    flags = (
        f"--audit-policy-file={policy}",
        f"--audit-log-path={log}",
        "--audit-log-maxsize=4000",
        "--profiling=true",
    )
    with controlplane.ControlPlane(folder, flags=flags, progress=_silent) as plane:
        found = plane.access
        access = Access(server=found.server, ca_file=str(found.authority), token=tokens["admin"])
        yield Cluster(folder=folder, access=access, audit=Audit(log))


def _write_tokens(folder: Path, tokens: dict[str, str]) -> None:
    keys = folder / "pki"
    keys.mkdir(mode=0o700)
    lines = [f'{tokens["admin"]},admin,admin,"system:masters"']
    lines += [f"{tokens[user]},{user},{user}" for user in MEASURED]
    (keys / "tokens.csv").write_text("\n".join(lines) + "\n")
    for user in MEASURED:
        (folder / f"{user}.token").write_text(tokens[user])


def _silent(_: str) -> None:
    return


async def prepare(client: Client, crd: dict[str, Any]) -> None:
    """Install the CRD, the rights of the measured users, and their namespace."""
    await create(client, CRD_KIND, crd)
    await create(
        client,
        CLUSTER_ROLE_BINDING,
        {
            "apiVersion": CLUSTER_ROLE_BINDING.api_version,
            "kind": CLUSTER_ROLE_BINDING.kind,
            "metadata": {"name": "measured"},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "cluster-admin",
            },
            "subjects": [
                {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}
                for user in MEASURED
            ],
        },
    )
    await create(
        client,
        INGRESS_CLASS,
        {
            "apiVersion": INGRESS_CLASS.api_version,
            "kind": INGRESS_CLASS.kind,
            "metadata": {"name": "contour"},
            "spec": {"controller": "projectcontour.io/ingress-controller"},
        },
    )
    await new_namespace(client, HOME)


async def new_namespace(client: Client, name: str) -> None:
    """Create a namespace."""
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    await create(client, NAMESPACE, body)


async def create(client: Client, kind: Kind, body: Object) -> Object:
    """Create an object of a kind that the operator itself does not know."""
    path = kind.path(body["metadata"].get("namespace"))
    return await client.request("POST", kind, path, body=body)
