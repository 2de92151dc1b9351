"""What must be on the machine before anything is changed.

The local node installs the Debian packages it needs as root, and its plan says so. What nobody can
install for the person (Go, root, a container tool elsewhere) is named here, with the cure.
"""

from collections.abc import Sequence

from dev.cluster import packages
from dev.cluster.tools import build, catalog, compiler
from dev.up.errors import StepError
from dev.up.world import World


def check(world: World) -> None:
    """Raise for the first thing that is missing, before any step has run."""
    if world.provider.kind == "local":
        packages.check_machine()
    elif missing := world.workshop.builder.missing():
        raise StepError(
            f"missing: {', '.join(missing)}. Install with: apt-get install -y {' '.join(missing)}"
            " (or install Docker)"
        )
    if missing_tools(world):
        compiler.go_program()


def missing_tools(world: World) -> Sequence[catalog.Tool]:
    """The programs that have to be compiled first."""
    names = {"helm", "kubectl"}
    if world.provider.kind == "local":
        names |= {*catalog.NODE, *catalog.CONTROL_PLANE}
    elif world.provider.kind == "kind":
        names.add("kind")
    tools = [catalog.TOOLS[name] for name in sorted(names)]
    return [tool for tool in tools if not build.binary_path(tool).exists()]
