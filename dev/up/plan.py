"""What `make up` says before it does anything: what will happen, what it changes, how to undo it."""

import os
from collections.abc import Sequence

from dev.up import prerequisites
from dev.up.steps import TESTS, Step
from dev.up.world import World

# Minutes measured on 2 cores without any cache; a machine with more cores needs less.
MEASURED_CORES = 2
TOOL_MINUTES = {"kubernetes": 6.0, "addons": 2.2, "contour": 1.7, "kind": 0.2}
IMAGE_MINUTES = {"base": 0.8, "postgres": 0.3, "operator": 0.8, "engine": 0.8}
REST_MINUTES = 1.5


def text(world: World, steps: Sequence[Step]) -> str:
    """The whole plan as it is printed."""
    lines = [f"Plan: Polyant on Kubernetes ({world.provider.kind}), about {minutes(world):.0f} min"]
    lines += [
        f"  {number}. {step.name}" + (f": {step.changes}" if step.changes else "")
        for number, step in enumerate(steps, 1)
    ]
    if steps is TESTS:
        lines.append(f"  {len(steps) + 1}. the tests: 5 to 8 min more")
    lines += [
        "On this machine:",
        *(f"  {line}" for line in world.provider.plan()),
        "Downloads and built programs are kept in the user cache (polyant-dev/).",
        "Undo: `make down`. Interrupted? Run it again, it continues.",
        "Without Kubernetes: `make dev` runs the same engine and panel on 127.0.0.1.",
        "",
    ]
    return "\n".join(lines)


def minutes(world: World) -> float:
    """Estimate from what is not in the caches."""
    slow = _tools(world) * MEASURED_CORES / max(MEASURED_CORES, os.cpu_count() or 1)
    return slow + _images(world) + REST_MINUTES


def _tools(world: World) -> float:
    modules = {tool.module for tool in prerequisites.missing_tools(world)}
    return sum(TOOL_MINUTES.get(module, 0) for module in modules)


def _images(world: World) -> float:
    stale = [name for name in world.workshop.names() if world.workshop.stale(name)]
    return sum(IMAGE_MINUTES.get(name, 0) for name in stale)
