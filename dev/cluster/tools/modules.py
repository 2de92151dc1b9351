"""Files that a pinned Go module carries beside its code: manifests, CustomResourceDefinitions."""

import json
import subprocess
from pathlib import Path

from dev.cluster.errors import ClusterError
from dev.cluster.tools.catalog import FOLDER
from dev.cluster.tools.compiler import go_program


def folder(tool_module: str, module: str) -> Path:
    """Return the unpacked source of a module at the version that the tool's go.mod pins."""
    command = [go_program(), "mod", "download", "-json", module]
    done = subprocess.run(
        command, cwd=FOLDER / tool_module, capture_output=True, text=True, check=False
    )
    answer = json.loads(done.stdout or "{}")
    if "Dir" not in answer:
        raise ClusterError(
            f"Go cannot provide the module {module}: {answer.get('Error') or done.stderr.strip()}",
            cure="Check the network to the Go module proxy, then try again.",
        )
    return Path(answer["Dir"])
