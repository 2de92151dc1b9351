"""The command line of the operator: `run` in a cluster, `render` for a look at what would be made."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

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


def _run(_: argparse.Namespace) -> int:
    # Each command imports what it needs: `render` shall not pay for kopf, nor `--help` for anything.
    from polyant_operator import settings
    from polyant_operator.observability import logs

    try:
        loaded = settings.load(os.environ)  # noqa: TID251 (read here once, understood in settings.py)
    except settings.ConfigurationError as error:
        sys.stderr.write(f"polyant-operator: the environment is wrong:\n{error}\n")
        return BAD_CONFIGURATION
    logs.configure(loaded.log_level)
    from polyant_operator.handlers import process

    return process.run(loaded)


def _render(chosen: argparse.Namespace) -> int:
    from polyant_operator.api.errors import InvalidInstance
    from polyant_operator.desired import render
    from polyant_operator.desired.context import OperandOptions

    given = {"engine_repository": chosen.engine_image, "database_image": chosen.database_image}
    options = OperandOptions(**{name: value for name, value in given.items() if value})
    try:
        sys.stdout.write(render.render_text(_text(chosen.file), options))
    except InvalidInstance as invalid:
        lines = "".join(f"  {error.line}\n" for error in invalid.errors)
        sys.stderr.write(f"polyant-operator: {chosen.file} is refused:\n{lines}")
        return BAD_CONFIGURATION
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"polyant-operator: {chosen.file} cannot be read: {error}\n")
        return BAD_CONFIGURATION
    return 0


def _text(file: Path) -> str:
    return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")


if __name__ == "__main__":
    sys.exit(main())
