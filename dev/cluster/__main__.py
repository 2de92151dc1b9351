"""Command line of the local cluster: `python -m dev.cluster COMMAND`."""

import argparse
import sys
from collections.abc import Sequence

from dev.cluster import progress
from dev.cluster.errors import ClusterError
from dev.cluster.tools import build, catalog


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a known problem ends in its message and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m dev.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare", help="build what integration tests need")
    parser.parse_args(arguments)
    try:
        build.binaries(catalog.CONTROL_PLANE, progress.printed)
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
