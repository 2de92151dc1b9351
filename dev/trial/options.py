"""What can be chosen on the command line, as one frozen value."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(".polyant")
LARGEST_PORT = 65535


@dataclass(frozen=True, kw_only=True)
class Options:
    """The choices of one run; a port of 0 means any free one."""

    folder: Path = FOLDER
    web_port: int = 3000
    engine_port: int = 4000
    model_port: int = 8081
    logs: bool = False
    reset: bool = False
    yes: bool = False

    @property
    def ports(self) -> dict[str, int]:
        """The ports a person types, by the name of the option that changes them."""
        return {
            "--web-port": self.web_port,
            "--engine-port": self.engine_port,
            "--model-port": self.model_port,
        }


def parse(argv: Sequence[str] | None = None) -> Options:
    """Read the command line; argparse prints what is wrong and ends with 2."""
    values = vars(_parser().parse_args(argv))
    return Options(**values)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > LARGEST_PORT:
        message = f"{text!r} is not a port: give 1 to {LARGEST_PORT}, or 0 for any free one"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dev.trial", description=__doc__)
    parser.description = "Run Polyant on 127.0.0.1 without Kubernetes. Ctrl-C stops everything."
    parser.add_argument("--web-port", type=_port, default=3000, help="port of the panel (3000)")
    parser.add_argument("--engine-port", type=_port, default=4000, help="port of the API (4000)")
    parser.add_argument("--model-port", type=_port, default=8081, help="scripted model (8081)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="state and keys (.polyant)")
    parser.add_argument("--logs", action="store_true", help="show the log lines of every process")
    parser.add_argument("--reset", action="store_true", help="delete all state, after asking")
    parser.add_argument("--yes", action="store_true", help="do not ask before --reset")
    return parser
