"""The real kubectl as a function call, for `make up` and for the end-to-end tests."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.up.errors import StepError

Manifest = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Kubectl:
    """One cluster, and one namespace when given."""

    program: Path
    kubeconfig: Path
    namespace: str | None = None

    def within(self, namespace: str) -> "Kubectl":
        """The same cluster, another namespace."""
        return Kubectl(program=self.program, kubeconfig=self.kubeconfig, namespace=namespace)

    def argv(self, *words: str) -> list[str]:
        """The full command line."""
        scope = ["--namespace", self.namespace] if self.namespace else []
        return [str(self.program), "--kubeconfig", str(self.kubeconfig), *scope, *words]

    def attempt(
        self, *words: str, stdin: str | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run and return whatever came of it."""
        return subprocess.run(
            self.argv(*words),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def run(self, *words: str, stdin: str | None = None, timeout: float = 120) -> str:
        """Run and return the output; raise with kubectl's own words on error."""
        done = self.attempt(*words, stdin=stdin, timeout=timeout)
        if done.returncode != 0:
            raise StepError(f"kubectl {' '.join(words[:4])}: {done.stderr.strip()}")
        return done.stdout

    def get(self, *words: str) -> dict[str, Any] | None:
        """Read one object, or None when it does not exist."""
        text = self.run("get", *words, "--ignore-not-found", "-o", "json")
        return json.loads(text) if text.strip() else None

    def items(self, *words: str) -> list[dict[str, Any]]:
        """Read a list of objects."""
        return list(json.loads(self.run("get", *words, "-o", "json"))["items"])

    def apply(self, manifests: Sequence[Manifest]) -> None:
        """Apply by server-side apply under our own field manager."""
        document = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)})
        self.run(
            "apply",
            "--server-side",
            "--force-conflicts",
            "--field-manager=polyant-up",
            "-f",
            "-",
            stdin=document,
        )
