"""What the person at the terminal reads: few lines, plain when the output is not a terminal."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

COLOURS = {"database": "36", "model": "35", "engine": "32", "web": "34"}
POLL = 0.2  # seconds between two looks at a log file


def say(text: str = "") -> None:
    """Print now, also into a pipe."""
    print(text, flush=True)


def complain(text: str) -> None:
    """Print an error now."""
    print(text, file=sys.stderr, flush=True)


def opening(folder: Path) -> None:
    """Say what is about to happen and what it touches."""
    say("Polyant on 127.0.0.1 without Kubernetes: PostgreSQL, scripted model, engine, panel.")
    say(f"Data, keys and logs are in {folder}; nothing outside it is changed.\n")


def ready(name: str, seconds: float, where: str) -> None:
    """Say that one process answers."""
    say(f"  {name:<9} ready after {seconds:4.1f} s   {where}")


def summary(facts: Mapping[str, str]) -> None:
    """Print names and values in two columns."""
    say()
    for name, value in facts.items():
        say(f"{name:<16}{value}")
    say()


async def follow(name: str, log: Path) -> None:
    """Print every line of a log with the name of its process, until cancelled."""
    prefix = f"{name:<9}| "
    if sys.stdout.isatty():
        prefix = f"\x1b[{COLOURS.get(name, '0')}m{prefix}\x1b[0m"
    with log.open(errors="replace") as file:
        rest = ""
        while True:
            rest += file.read()
            *lines, rest = rest.split("\n")
            for line in lines:
                say(prefix + line)
            await asyncio.sleep(POLL)
