"""The command line of the engine image.

The process is PID 1 in its container, so signals are handled here from the first moment on: the
kernel drops those that PID 1 does not ask for.
"""

import argparse
import asyncio
import importlib.metadata
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from types import FrameType

from polyant_engine import settings as configuration
from polyant_engine.core import logs
from polyant_engine.core.configuration import ConfigurationError
from polyant_engine.settings import Settings

EXIT_CONFIGURATION = 64
SIGNAL_BASE = 128

DESCRIPTION = "The engine of Polyant: hosts agents, answers turns, owns the database."
EPILOG = """\
Settings come from the environment (DATABASE_URL, ENCRYPTION_KEY, AUTH_SECRET, ...): see
docs/reference/environment.md. A wrong environment is reported in full, with exit code 64.

exit codes of migrate:
  0 done   64 configuration   65 encryption key   66 database not supported
  67 database newer   68 another installation   69 unreachable   70 migration failed
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    chosen, rest = _parser().parse_known_args(arguments)
    if chosen.command == "reset-password":
        rest = [chosen.email, *rest]
    elif rest and chosen.command != "demo-model":
        _parser().error(f"unknown arguments: {' '.join(rest)}")
    command: Callable[[list[str]], int] = chosen.run
    return command(rest)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polyant-engine",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, run, text in (
        ("serve", serve, "serve the API (migrates first unless MIGRATE_ON_START=false)"),
        ("migrate", migrate, "bring the database to this release and report as JSON"),
        ("reset-password", reset_password, "print a new password for an account's next sign-in"),
        ("leader", leader, "print who leads: holder, epoch, term, age"),
        ("demo-model", demo_model, "serve a scripted, OpenAI-compatible model"),
        ("version", version, "print the version"),
    ):
        added = commands.add_parser(
            name, help=text, description=text, add_help=run is not demo_model
        )
        added.set_defaults(run=run)
        if run is reset_password:
            added.add_argument("email", help="the e-mail address of the account")
    return parser


def serve(_: list[str]) -> int:
    """Serve the API until a signal comes."""
    _stop_on_signals()
    environ = configuration.environment()
    logs.configure("polyant-engine", configuration.log_level(environ))
    try:
        return _serve(configuration.load(environ))
    except ConfigurationError as wrong:
        sys.stderr.write(wrong.report() + "\n")
        return EXIT_CONFIGURATION


def _serve(settings: Settings) -> int:
    if settings.migrate_on_start:
        code = _migrate_first()
        if code != 0:
            return code
    from polyant_engine import asgi  # the migration's child must not wait for this import

    asgi.run_forever(settings)
    return 0


def _migrate_first() -> int:
    """Run migrate in a process of its own, so that Alembic never stays in the server's memory."""
    child = subprocess.Popen([sys.executable, "-m", "polyant_engine", "migrate"])

    def pass_on(number: int, _: FrameType | None) -> None:
        os.kill(child.pid, number)  # the wait below notices; waiting here as well would block both

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGTERM, signal.SIGINT)}
    code = child.wait()
    for number, handler in before.items():
        signal.signal(number, handler)
    return code if code >= 0 else SIGNAL_BASE - code


def migrate(_: list[str]) -> int:
    """Bring the database to this release."""
    environ = configuration.environment()
    logs.configure("polyant-migrate", configuration.log_level(environ), sys.stderr)
    _stop_on_signals()  # each migration is one transaction, so dropping everything is safe
    from polyant_engine.migrate import command  # brings Alembic, which nothing else needs

    return command.run(environ)


def _stop_on_signals() -> None:
    """End at once on a signal, as long as nothing better is in place."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _: os._exit(SIGNAL_BASE + got))


def reset_password(arguments: list[str]) -> int:
    """Print a password for the next sign-in of somebody who cannot sign in."""
    environ = configuration.environment()
    logs.configure("polyant-engine", configuration.log_level(environ), sys.stderr)
    try:
        settings = configuration.load_migration(environ)
    except ConfigurationError as wrong:
        sys.stderr.write(wrong.report() + "\n")
        return EXIT_CONFIGURATION
    from polyant_engine.accounts import resetting  # other commands must not wait for these imports
    from polyant_engine.core.database import Target

    target = Target(dsn=settings.database.dsn, extra_ca_file=settings.database.extra_ca_file)
    (email, *_) = arguments
    password = asyncio.run(resetting.reset(target, email))
    if password is None:
        sys.stderr.write(f"there is no account {email}\n")
        return 1
    sys.stdout.write(password + "\n")
    return 0


def leader(_: list[str]) -> int:
    """Print who leads."""
    environ = configuration.environment()
    logs.configure("polyant-engine", configuration.log_level(environ), sys.stderr)
    try:
        settings = configuration.load_migration(environ)
    except ConfigurationError as wrong:
        sys.stderr.write(wrong.report() + "\n")
        return EXIT_CONFIGURATION
    from polyant_engine.core.database import (
        Target,  # other commands must not wait for these imports
    )
    from polyant_engine.core.errors import DatabaseUnavailable
    from polyant_engine.leadership import command

    target = Target(dsn=settings.database.dsn, extra_ca_file=settings.database.extra_ca_file)
    try:
        sys.stdout.write(asyncio.run(command.shown(target)))
    except DatabaseUnavailable as away:
        sys.stderr.write(f"{away.message}\n")
        return 1
    return 0


def demo_model(arguments: list[str]) -> int:
    """Serve the scripted model."""
    from polyant_engine.demo_model import server  # needs none of the settings

    return server.main(arguments)


def version(_: list[str]) -> int:
    """Print the version."""
    sys.stdout.write(importlib.metadata.version("polyant") + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
