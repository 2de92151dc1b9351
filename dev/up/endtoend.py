"""Run the end-to-end tests on the cluster, and leave the machine as it was found.

Only NetworkPolicies keep having an effect on a local node that was up before, until it ends.

The tests get everything they need in one JSON document named by an environment variable; without
it they fail and say to use `make e2e`, so that they are never skipped by accident.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dev.images import catalog
from dev.up import next_release, quickstart, steps
from dev.up.errors import StepError
from dev.up.world import World

VARIABLE = "POLYANT_E2E"
# What the tests need for it is made on demand only.
EVERY_DISTURBANCE = "--every-disturbance"
MINUTE = 60


def run(world: World, arguments: Sequence[str]) -> int:
    """Bring up what is missing, run pytest, take down what was not there before."""
    found_running = world.is_up
    try:
        steps.run(steps.TESTS, world)
        return _pytest(world, arguments)
    finally:
        if not found_running:
            world.provider.down(world.terminal.say)


def _pytest(world: World, arguments: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="polyant-e2e-") as folder:
        document = Path(folder, "cluster.json")
        next_engine = next_release.image(world) if EVERY_DISTURBANCE in arguments else ""
        document.write_text(json.dumps(facts(world) | {"nextEngineImage": next_engine}))
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-v",
            "--tb=short",
            "--durations=15",
            f"--timeout={15 * MINUTE}",
        ]
        command += arguments or ["tests/e2e"]
        environment = {**os.environ, VARIABLE: str(document)}
        return subprocess.run(command, cwd=catalog.ROOT, env=environment, check=False).returncode


def facts(world: World) -> dict[str, str]:
    """What the tests know about the cluster."""
    edge = world.provider.edge()
    if edge is None:
        raise StepError("the end-to-end tests need an edge; use CLUSTER=local or CLUSTER=kind")
    images = world.images
    return {
        "kubectl": str(world.kubectl.program),
        "kubeconfig": str(world.kubectl.kubeconfig),
        "enforcesPolicies": str(world.provider.enforces_policies()),
        "edge": edge.http,
        "edgeClass": edge.ingress_class,
        "gateway": "/".join(edge.gateway),
        "edgeAddress": edge.address or "",
        "engineImage": images.engine,
        "postgresImage": images.postgres,
        "version": quickstart.tag(images.engine),
    }
