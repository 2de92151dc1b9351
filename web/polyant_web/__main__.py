"""The command line: `polyant-web serve`."""

import argparse
import logging
import sys
from collections.abc import Sequence

from polyant_web import serving, settings
from polyant_web.observability import logs

EXIT_CONFIGURATION = 64

logger = logging.getLogger("polyant_web")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the panel; return the exit code."""
    _parser().parse_args(arguments)
    try:
        loaded = settings.load(settings.environment())
    except settings.ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CONFIGURATION
    logs.configure(loaded.log_level)
    for name in loaded.ignored:
        logger.info(
            "variable ignored", extra={"variable": name, "why": settings.ignored_because(name)}
        )
    serving.run(loaded)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="polyant-web", description="The web panel of Polyant.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="serve pages until SIGTERM; configured by the environment")
    return parser


if __name__ == "__main__":
    sys.exit(main())
