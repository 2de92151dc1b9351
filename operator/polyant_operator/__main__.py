"""The command line of the operator.

run      in a cluster: watch and work
render   what would be made, without a cluster
diff     what would change in a cluster, without changing it
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyant_operator.settings import Settings

BAD_CONFIGURATION = 64
NO_ACCESS = 3
_EPILOG = """\
exit codes:
  0   stopped as asked, or done; diff: nothing would change
  1   run: no access to a cluster, or its CRD is absent or older than this operator
      diff: something would change
  2   run: the Lease was lost, the process is to be started anew
      diff: the operator would stop at a problem, which is printed; or the command line is wrong
  3   diff: no access to a cluster, or a right to read is missing
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
    _add_file(render)
    render.set_defaults(act=_render)
    diff = commands.add_parser(
        "diff",
        help="print what a changed instance would change in a cluster, without changing it",
        description="Print what the operator would make, change and delete for every PolyantInstance in a"
        " YAML file, which pods that replaces and why. Reads the cluster of the kubeconfig; writes nothing,"
        " and prints no Secret values.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_file(diff)
    diff.add_argument(
        "-n", "--namespace", default="default", help="of instances that name none; default: default"
    )
    diff.add_argument("--kubeconfig", help="file; default: KUBECONFIG, else ~/.kube/config")
    diff.set_defaults(act=_diff)
    return top


def _add_file(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "-f", "--file", required=True, type=Path, help="YAML file; - for standard input"
    )
    command.add_argument(
        "--engine-image", metavar="REPOSITORY", help="as OPERATOR_ENGINE_IMAGE of the operator"
    )
    command.add_argument(
        "--database-image", metavar="IMAGE", help="as OPERATOR_DATABASE_IMAGE of the operator"
    )


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


def _settings(chosen: argparse.Namespace) -> "Settings | None":
    from polyant_operator import settings

    given = {
        "OPERATOR_ENGINE_IMAGE": getattr(chosen, "engine_image", None),
        "OPERATOR_DATABASE_IMAGE": getattr(chosen, "database_image", None),
        "KUBECONFIG": getattr(chosen, "kubeconfig", None),
    }
    environment = dict(os.environ)  # noqa: TID251 (handed on once, understood in settings.py)
    try:
        return settings.load(environment | {name: text for name, text in given.items() if text})
    except settings.ConfigurationError as error:
        sys.stderr.write(f"polyant-operator: the environment is wrong:\n{error}\n")
        return None


def _run(chosen: argparse.Namespace) -> int:
    # Each command imports what it needs: neither `render` nor a wrong environment pays for HTTP.
    from polyant_operator.observability import logs

    if (loaded := _settings(chosen)) is None:
        return BAD_CONFIGURATION
    logs.configure(loaded.log_level)
    from polyant_operator.handlers import process

    return process.run(loaded)


def _render(chosen: argparse.Namespace) -> int:
    from polyant_operator.desired import render
    from polyant_operator.reconcile import options

    if (loaded := _settings(chosen)) is None:
        return BAD_CONFIGURATION
    return _printed(chosen, lambda text: (0, render.render_text(text, options.of(loaded))))


def _diff(chosen: argparse.Namespace) -> int:
    from polyant_operator.handlers import diff
    from polyant_operator.kube.errors import KubeError

    usual = Path.home() / ".kube" / "config"
    if not chosen.kubeconfig and not os.environ.get("KUBECONFIG") and usual.is_file():  # noqa: TID251 (what kubectl does)
        chosen.kubeconfig = str(usual)
    if (loaded := _settings(chosen)) is None:
        return BAD_CONFIGURATION
    try:
        return _printed(chosen, lambda text: diff.run(text, loaded, chosen.namespace))
    except KubeError as error:
        sys.stderr.write(f"polyant-operator: cannot compare: {diff.explain(error)}\n")
        return NO_ACCESS


def _printed(chosen: argparse.Namespace, act: Callable[[str], tuple[int, str]]) -> int:
    """Print what a command makes of the file, or everything that is wrong with the file."""
    from polyant_operator.api.errors import InvalidInstance

    try:
        text = sys.stdin.read() if str(chosen.file) == "-" else chosen.file.read_text()
        code, said = act(text)
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"polyant-operator: cannot read the file: {error}\n")
        return BAD_CONFIGURATION
    except InvalidInstance as error:
        sys.stderr.write(f"polyant-operator: {chosen.file} is refused:\n{error}\n")
        return BAD_CONFIGURATION
    sys.stdout.write(said)
    return code


if __name__ == "__main__":
    sys.exit(main())
