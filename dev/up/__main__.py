"""`python -m dev.up up|down|test|status|prepare`: the whole product on a real Kubernetes.

`prepare` compiles programs and builds images without starting anything.
"""

import argparse
import sys
from collections.abc import Sequence

from dev.cluster import providers
from dev.cluster.errors import ClusterError
from dev.images import building, process
from dev.up import endtoend, plan, prefetch, prerequisites, quickstart, steps
from dev.up.errors import StepError
from dev.up.terminal import Terminal
from dev.up.world import World

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a known problem ends in its message."""
    options = _options(arguments)
    terminal = Terminal()
    try:
        return int(COMMANDS[options.command](_world(options, terminal), options))
    except (StepError, ClusterError, process.CommandError) as error:
        terminal.problem(str(error))
        return 1
    except KeyboardInterrupt:
        terminal.problem("Interrupted. Run it again: it continues where it stopped.")
        return INTERRUPTED


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dev.up", description=__doc__)
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument(
        "--cluster",
        choices=("auto", "local", "kind", "current"),
        default="auto",
        help="auto: kind when a Docker engine answers, else a node made on this machine",
    )
    parser.add_argument("pytest", nargs="*", help="more arguments for pytest (command test)")
    return parser.parse_args(arguments)


def _world(options: argparse.Namespace, terminal: Terminal) -> World:
    provider = providers.choose(options.cluster)
    workshop = building.workshop(terminal.say, without_engine=provider.kind == "local")
    return World(provider=provider, workshop=workshop, terminal=terminal)


def _up(world: World, _options: argparse.Namespace) -> int:
    _prepare(world, steps.UP)
    steps.run(steps.UP, world)
    world.terminal.say("done")
    return 0


def _prepare(world: World, wanted: Sequence[steps.Step]) -> None:
    world.terminal.text(plan.text(world, wanted))
    prerequisites.check(world)


def _down(world: World, _options: argparse.Namespace) -> int:
    if world.provider.kind == "current":
        world.kubectl.run("delete", "namespace", quickstart.NAMESPACE, "--ignore-not-found")
        world.helm.uninstall()
    world.provider.down(world.terminal.say)
    world.terminal.say("everything that `make up` started is gone; the caches are kept")
    return 0


def _test(world: World, options: argparse.Namespace) -> int:
    _prepare(world, steps.TESTS)
    return endtoend.run(world, options.pytest)


def _status(world: World, _options: argparse.Namespace) -> int:
    if not world.is_up:
        world.terminal.text("no cluster is running; start one with `make up`")
        return 1
    world.terminal.text(world.watch().diagnosis(f"instance {quickstart.INSTANCE}"))
    return 0


def _fetch(world: World, _options: argparse.Namespace) -> int:
    prerequisites.check(world)
    prefetch.everything(world)
    prefetch.of_tests(world)
    return 0


COMMANDS = {"prepare": _fetch, "up": _up, "down": _down, "test": _test, "status": _status}


if __name__ == "__main__":
    sys.exit(main())
