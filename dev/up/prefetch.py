"""Fill the caches without starting anything, so that it can go on beside something else.

The programs come one by one, so that whoever needs one of them waits for that one alone; those of
the control plane come first because the integration tests need nothing more.
"""

from dev.cluster import tools
from dev.cluster.tools import catalog
from dev.up import prerequisites
from dev.up.world import World


def everything(world: World) -> None:
    """Compile the control plane, build the images, compile the rest."""
    for name in catalog.CONTROL_PLANE:
        tools.binary(name, world.terminal.say)
    for name in world.workshop.names():
        world.workshop.build(name)
    for tool in prerequisites.missing_tools(world):
        tools.binary(tool.name, world.terminal.say)
