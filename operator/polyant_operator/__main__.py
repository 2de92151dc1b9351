"""The command line of the operator: `run` in a cluster, `render` for a look at what would be made."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyant_operator.settings import Settings

BAD_CONFIGURATION = 64
_EPILOG = """\
exit codes:
  0   stopped as asked, or done
  1   no access to a cluster, or its CRD is absent or older than this operator
  2   the Lease was lost: the process is to be started anew
  64  bad configuration or a refused file; every problem is printed at once
"""


def parser() -> argparse.ArgumentParser:
    """The commands and what they say about themselves."""
    top = argparse.ArgumentParser(
        prog="polyant-operator",
        description="Turns PolyantInstances into running installations, and keeps them so.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run",
        help="watch the cluster and do the work (settings come from the environment)",
        description="Watch the cluster and do the work. Settings come from the environment:",
        epilog=_variables(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.set_defaults(act=_run)
    render = commands.add_parser(
        "render",
        help="print the objects an instance would get, without a cluster",
        description="Print the objects of every PolyantInstance in a YAML file, as the operator would make"
        " them. Secret values and digests are placeholders.",
    )
    render.add_argument(
        "-f", "--file", required=True, type=Path, help="YAML file; - for standard input"
    )
    render.add_argument(
        "--engine-image", metavar="REPOSITORY", help="as OPERATOR_ENGINE_IMAGE of the operator"
    )
    render.add_argument(
        "--database-image", metavar="IMAGE", help="as OPERATOR_DATABASE_IMAGE of the operator"
    )
    render.set_defaults(act=_render)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that is asked for; returns the exit code."""
    chosen = parser().parse_args(arguments)
    return int(chosen.act(chosen))


def _variables() -> str:
    from polyant_operator import settings

    lines = [
        f"  {name:<28} {variable.doc}\n  {'':<28} {variable.form}; default {variable.default or 'none'}"
        for name, variable in settings.VARIABLES.items()
    ]
    return "\n".join(lines)


def _settings() -> "Settings | None":
    from polyant_operator import settings

    try:
        return settings.load(os.environ)  # noqa: TID251 (handed on once, understood in settings.py)
    except settings.ConfigurationError as error:
        sys.stderr.write(f"polyant-operator: the environment is wrong:\n{error}\n")
        return None


def _run(_: argparse.Namespace) -> int:
    # Each command imports what it needs: neither `render` nor a wrong environment pays for HTTP.
    from polyant_operator.observability import logs

    if (loaded := _settings()) is None:
        return BAD_CONFIGURATION
    logs.configure(loaded.log_level)
    from polyant_operator.handlers import process

    return process.run(loaded)


def _render(chosen: argparse.Namespace) -> int:
    from polyant_operator.api.errors import InvalidInstance
    from polyant_operator.desired import render
    from polyant_operator.reconcile import options

    if (loaded := _settings()) is None:
        return BAD_CONFIGURATION
    try:
        text = sys.stdin.read() if str(chosen.file) == "-" else chosen.file.read_text()
        sys.stdout.write(render.render_text(text, options.of(loaded)))
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"polyant-operator: cannot read the file: {error}\n")
        return BAD_CONFIGURATION
    except InvalidInstance as error:
        sys.stderr.write(f"polyant-operator: {chosen.file} is refused:\n{error}\n")
        return BAD_CONFIGURATION
    return 0


if __name__ == "__main__":
    sys.exit(main())
