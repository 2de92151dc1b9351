"""PolyantInstances on a real API server, over plain HTTP: what was refused comes back as data."""

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import apiserver
from support.apiserver import ApiServer

CRD = Path(__file__).parents[2] / "crds" / "polyant.ai_polyantinstances.yaml"
Object = dict[str, Any]


def install(server: ApiServer, seconds: float = 30) -> None:
    """Install the CRD and wait until its objects are served.

    `kubectl wait` fails at once on a CRD that has no status yet.
    """
    server.kubectl("apply", "--server-side", "-f", str(CRD))
    limit = time.monotonic() + seconds
    while (done := server.try_kubectl("get", "polyantinstances", "-A")).returncode:
        if time.monotonic() > limit:
            raise AssertionError(f"the CRD is not served after {seconds} s: {done.stderr.strip()}")
        time.sleep(0.1)


@contextmanager
def serving(folder: Path) -> Iterator[ApiServer]:
    """Run an API server that serves PolyantInstances until the block ends."""
    with apiserver.running(folder) as server:
        install(server)
        yield server


class Refused(Exception):
    """The API server's refusal, cause by cause."""

    def __init__(self, status: Mapping[str, Any]) -> None:
        super().__init__(str(status.get("message")))
        causes = status.get("details", {}).get("causes", [])
        self.causes: list[tuple[str, str]] = [
            (cause.get("field", ""), cause["message"]) for cause in causes
        ]


def said(cause: tuple[str, str]) -> tuple[str, str]:
    """Split off how the API server begins: `Invalid value: "object": `, or the quoted value."""
    field, message = cause
    return field, message.removeprefix("Invalid value: ").partition('": ')[2]


@dataclass(frozen=True, kw_only=True)
class Resources:
    """The instances of one namespace."""

    server: ApiServer
    namespace: str

    @property
    def path(self) -> str:
        return f"/apis/polyant.ai/v1alpha1/namespaces/{self.namespace}/polyantinstances"

    def create(self, body: Object, *, dry_run: bool = False) -> Object:
        query = "?fieldValidation=Strict" + ("&dryRun=All" if dry_run else "")
        return self._send("POST", self.path + query, self._placed(body))

    def apply(self, body: Object, manager: str) -> Object:
        name = body["metadata"]["name"]
        query = f"?fieldManager={manager}&force=true&fieldValidation=Strict"
        return self._send(
            "PATCH", f"{self.path}/{name}{query}", self._placed(body), "apply-patch+yaml"
        )

    def merge(self, name: str, patch: Object, *, subresource: str = "") -> Object:
        return self._send("PATCH", f"{self.path}/{name}{subresource}", patch, "merge-patch+json")

    def read(self, name: str, *, subresource: str = "") -> Object:
        return self._send("GET", f"{self.path}/{name}{subresource}")

    def _placed(self, body: Object) -> Object:
        metadata = {"name": body["metadata"]["name"], "namespace": self.namespace}
        return {**body, "metadata": metadata}

    def _send(
        self, method: str, path: str, body: Object | None = None, kind: str = "json"
    ) -> Object:
        request = urllib.request.Request(  # noqa: S310 - the server's own https address
            self.server.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.server.token}",
                "Content-Type": f"application/{kind}",
            },
        )
        trust = ssl.create_default_context(cafile=str(self.server.ca_file))
        try:
            with urllib.request.urlopen(request, context=trust, timeout=30) as answer:  # noqa: S310 - as above
                content: Object = json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(json.load(error)) from None
        return content
