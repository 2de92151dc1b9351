"""The operator's Helm release."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dev.images import catalog, process
from dev.up import quickstart
from dev.up.errors import StepError
from dev.up.kubectl import Kubectl

NAME = "polyant-operator"
NAMESPACE = "polyant-system"
CHART = catalog.ROOT / "charts" / "polyant-operator"
UNFINISHED = ("pending-install", "pending-upgrade", "pending-rollback", "failed")


@dataclass(frozen=True, kw_only=True)
class Images:
    """The three images that the release names."""

    operator: str
    engine: str
    postgres: str

    def values(self) -> dict[str, str]:
        """The chart's values for them."""
        return {
            "image.repository": self.operator.rpartition(":")[0],
            "image.tag": quickstart.tag(self.operator),
            "operand.engineImage": self.engine.rpartition(":")[0],
            "operand.databaseImage": self.postgres,
        }


@dataclass(frozen=True, kw_only=True)
class Release:
    """Helm pointed at one cluster."""

    program: Path
    kubectl: Kubectl
    runner: process.Runner

    def install(self, images: Images) -> None:
        """Install or upgrade, and wait until the operator is ready."""
        if self._status() in UNFINISHED:
            # A run that was cut short leaves a release that Helm will not touch any more.
            self.uninstall()
        values = [f"--set-string={name}={value}" for name, value in images.values().items()]
        waiting = ["--wait", "--timeout=4m"]
        command = [
            "upgrade",
            "--install",
            NAME,
            str(CHART),
            "--create-namespace",
            *values,
            *waiting,
        ]
        self.runner.run("helm upgrade --install", self._argv(*command))

    def uninstall(self) -> None:
        """Remove the release; the CRDs stay, as the chart promises."""
        if self._status() is not None:
            command = ["uninstall", NAME, "--wait", "--timeout=2m", "--ignore-not-found"]
            self.runner.run("helm uninstall", self._argv(*command))

    def _status(self) -> str | None:
        command = self._argv("status", NAME, "-o", "json")
        shown = subprocess.run(command, capture_output=True, text=True, check=False)
        if shown.returncode == 0:
            return str(json.loads(shown.stdout)["info"]["status"])
        if "not found" in shown.stderr:
            return None
        raise StepError(f"helm status {NAME}: {shown.stderr.strip()}")

    def _argv(self, *words: str) -> list[str]:
        access = ["--kubeconfig", str(self.kubectl.kubeconfig), "--namespace", NAMESPACE]
        return [str(self.program), *words, *access]
