"""The operator's chart through the real Helm."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from dev.cluster import tools

CHART = Path(__file__).parents[2] / "charts" / "polyant-operator"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Helm."""
    command = [str(tools.binary("helm")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def template(*arguments: str, namespace: str = "polyant-system") -> list[dict[str, Any]]:
    """The objects of a release."""
    done = run("template", "polyant-operator", str(CHART), "--namespace", namespace, *arguments)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def of_kind(objects: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    """Those of some kinds."""
    return [each for each in objects if each["kind"] in kinds]
