"""Fill the caches: compile the pinned programs and build the images, both at once.

Compiling keeps the processors busy while images mostly wait for the network, so together they
take hardly longer than the compiler alone. Nothing is started, so this may also go on beside the
unit tests. The control plane comes first because the integration tests need nothing more.
"""

from concurrent.futures import ThreadPoolExecutor

from dev.cluster import packages
from dev.cluster.node import policies
from dev.cluster.tools import build, catalog
from dev.up import prerequisites
from dev.up.world import World


def everything(world: World) -> None:
    """Return when programs and images are there; the first failure is raised after both ended."""
    if world.provider.kind == "local":
        packages.ensure(world.terminal.say)
    with ThreadPoolExecutor(max_workers=2) as pool:
        for work in [pool.submit(_programs, world), pool.submit(_images, world)]:
            work.result()


def of_tests(world: World) -> None:
    """Compile what only the end-to-end tests need: nobody who tries the product waits for it."""
    if world.provider.kind == "local":
        build.binaries([policies.NAME], world.terminal.say)


def _programs(world: World) -> None:
    missing = [tool.name for tool in prerequisites.missing_tools(world)]
    for names in ([name for name in missing if name in catalog.CONTROL_PLANE], missing):
        build.binaries(names, world.terminal.say)


def _images(world: World) -> None:
    for name in world.workshop.names():
        world.workshop.build(name)
