"""The Lease of a real API server, behind a proxy that goes wrong."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from support import apiserver, faults, faulty_api
from support.apiserver import ApiServer
from support.faulty_api import FaultyApi

NAME = "acme-channels"
OBJECTS = f"""
apiVersion: v1
kind: ServiceAccount
metadata: {{name: engine}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: engine}}
rules:
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{NAME}]
  verbs: [get, watch, update]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: engine}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: engine}}
subjects: [{{kind: ServiceAccount, name: engine}}]
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {{name: {NAME}}}
"""
MANY = 10_000


@dataclass(frozen=True)
class Lease:
    """Where it is, and how it is broken."""

    api: FaultyApi
    namespace: str
    account: Path

    @property
    def port(self) -> int:
        return self.api.port

    def environment(self, port: int) -> dict[str, str]:
        """What tells an engine to elect there."""
        return {
            "ELECTION_BACKEND": "kubernetes",
            "ELECTION_LEASE": NAME,
            "POD_NAMESPACE": self.namespace,
            "CHAOS_API_URL": f"http://127.0.0.1:{port}",
            "CHAOS_ACCOUNT": str(self.account),
        }

    def fail(self, name: str) -> None:
        """Go wrong in one way: writes fail, or are done and seem to have failed, or all is slow."""
        wrong, method = {
            "failing": (faults.answer(500), "PUT"),
            "losing": (faults.answer(500, done=True), "PUT"),
            "slow": (faults.slow(0.25), ""),
            "crawling": (faults.slow(30), ""),
        }[name]
        self.api.inject(wrong, method=method, times=MANY)

    def heal(self) -> None:
        self.api.heal()

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, folder: Path) -> AsyncIterator["Lease"]:
        """Run an API server with one Lease in it, and the proxy before it."""
        place = folder / "api"
        place.mkdir()
        server = apiserver.running(place)
        api = await asyncio.to_thread(server.__enter__)
        try:
            account, namespace = await asyncio.to_thread(_prepared, folder, api)
            with faulty_api.running(api) as proxy:
                yield cls(proxy, namespace, account)
        finally:
            await asyncio.to_thread(server.__exit__, None, None, None)


def _prepared(folder: Path, api: ApiServer) -> tuple[Path, str]:
    account = folder / "account"
    account.mkdir()
    namespace = api.new_namespace("chaos")
    api.kubectl("apply", "-n", namespace, "-f", "-", stdin=OBJECTS)
    (account / "token").write_text(api.kubectl("create", "token", "engine", "-n", namespace))
    (account / "ca.crt").write_bytes(api.ca_file.read_bytes())
    return account, namespace
