"""Command line of the local cluster: `python -m dev.cluster COMMAND`."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from dev.cluster import packages, progress, providers
from dev.cluster.errors import ClusterError
from dev.cluster.layout import DEFAULT_NAME
from dev.cluster.tools import build, catalog


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a known problem ends in its message and exit code 1."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command continues", file=sys.stderr)
        return 130
    return code


def _provider(options: argparse.Namespace) -> providers.Provider:
    return providers.choose(options.cluster, name=options.name)


def _up(options: argparse.Namespace) -> int:
    """Start the cluster, or what is left of it."""
    provider = _provider(options)
    for line in provider.plan():
        print(line)
    provider.up(progress.printed)
    print(f"export KUBECONFIG={provider.kubeconfig()}")
    return 0


def _down(options: argparse.Namespace) -> int:
    """Remove the cluster and every trace of it."""
    _provider(options).down(progress.printed)
    return 0


def _status(options: argparse.Namespace) -> int:
    """Show what runs; exit code 1 unless all of it does."""
    provider = _provider(options)
    states = provider.status()
    for name, alive in states.items():
        print(f"{name:26}{'running' if alive else 'stopped'}")
    if not states or not any(states.values()):
        print(f"cluster {provider.name} ({provider.kind}) is not running")
    edge = provider.edge()
    if edge is not None and all(states.values()):
        print(f"edge                      http://{edge.http} https://{edge.https}")
        print(f"kubeconfig                {provider.kubeconfig()}")
    return 0 if states and all(states.values()) else 1


def _load(options: argparse.Namespace) -> int:
    """Bring images into the cluster, by name or as archive files."""
    _provider(options).load(options.images, progress.printed)
    return 0


def _policies(options: argparse.Namespace) -> int:
    """Let NetworkPolicies have an effect on the local node, until it ends."""
    provider = _provider(options)
    provider.enforce_policies(progress.printed)
    if not provider.enforces_policies():
        raise ClusterError("Only the local node has this add-on.", cure="Use --cluster local")
    return 0


def _kubeconfig(options: argparse.Namespace) -> int:
    """Print the path of the administrator's kubeconfig."""
    print(_provider(options).kubeconfig())
    return 0


def _logs(options: argparse.Namespace) -> int:
    """Print what a component wrote."""
    print(_provider(options).logs(options.component), end="")
    return 0


def _prepare(_options: argparse.Namespace) -> int:
    """Build and install what the integration tests need: a node as well where one can run."""
    try:
        packages.check_machine()
    except ClusterError as error:
        print(f"Only the control plane is prepared; tests of a whole node are skipped. {error}")
        build.binaries([*catalog.CONTROL_PLANE, *catalog.CHART], progress.printed)
    else:
        packages.ensure(progress.printed, packages.TEST_PACKAGES)
        build.binaries([*catalog.CONTROL_PLANE, *catalog.NODE, *catalog.CHART], progress.printed)
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "up": _up,
    "down": _down,
    "status": _status,
    "load": _load,
    "kubeconfig": _kubeconfig,
    "logs": _logs,
    "policies": _policies,
    "prepare": _prepare,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dev.cluster", description=__doc__)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--name", default=DEFAULT_NAME, help="which cluster (default %(default)s)")
    shared.add_argument(
        "--cluster",
        default=os.environ.get("CLUSTER", "auto"),
        help="local, kind, current or auto (default %(default)s)",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, run in COMMANDS.items():
        summary = (run.__doc__ or "").strip()
        command = commands.add_parser(name, help=summary, description=summary, parents=[shared])
        command.set_defaults(run=run)
        if name == "load":
            command.add_argument("images", nargs="+", metavar="IMAGE")
        if name == "logs":
            command.add_argument("component")
    return parser


if __name__ == "__main__":
    sys.exit(main())
