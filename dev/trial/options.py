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
    values = vars(parser().parse_args(argv))
    return Options(**values)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > LARGEST_PORT:
        message = f"{text!r} is not a port: give 1 to {LARGEST_PORT}, or 0 for any free one"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser(
        prog="python -m dev.trial",
        description="Run Polyant on 127.0.0.1 without Kubernetes. Ctrl-C stops everything.",
    )
    add = made.add_argument
    add("--web-port", type=_port, default=3000, help="port of the panel (3000)")
    add("--engine-port", type=_port, default=4000, help="port of the API (4000)")
    add("--model-port", type=_port, default=8081, help="port of the scripted model (8081)")
    add("--folder", type=Path, default=FOLDER, help="where data and keys are (.polyant)")
    add("--logs", action="store_true", help="show the log lines of every process")
    add("--reset", action="store_true", help="delete data and keys, after asking")
    add("--yes", action="store_true", help="do not ask before --reset")
    return made
