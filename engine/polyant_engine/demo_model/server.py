"""Serve the scripted model until SIGTERM."""

import argparse
import logging
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from polyant_engine.core import sockets
from polyant_engine.demo_model import model, routes, rules

DEFAULT_PORT = 8081
EX_CONFIG = 64
GRACE_SECONDS = 5


def main(arguments: Sequence[str]) -> int:
    """Run `polyant-engine demo-model`; return the exit code."""
    parser = argparse.ArgumentParser(prog="polyant-engine demo-model", description=__doc__)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="default: %(default)s")
    parser.add_argument("--address", help="listen on this address only; default: on every one")
    parser.add_argument("--rules", type=Path, help="rules file (YAML or JSON); default: echo")
    options = parser.parse_args(arguments)
    try:
        script = model.DEFAULT_RULES if options.rules is None else rules.read(options.rules)
    except rules.InvalidRules as error:
        sys.stderr.write(f"{error}\n")
        return EX_CONFIG
    serve(script, options.port, options.address)
    return 0


def serve(script: model.Rules, port: int, address: str | None = None) -> None:
    """Serve until a signal, on IPv4 and IPv6 unless an address is given."""
    # A cut connection is part of the script, so its traceback would be noise.
    logging.getLogger("uvicorn.error").addFilter(_is_unplanned)
    config = uvicorn.Config(
        routes.build_app(script, time.time),  # noqa: TID251 - the outermost layer hands in the clock
        log_level="info",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    # uvicorn raises a caught signal again once it has shut down; by then the work is done.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    with sockets.listen(port, address) as listener:
        uvicorn.Server(config).run(sockets=[listener])


def _is_unplanned(record: logging.LogRecord) -> bool:
    raised = record.exc_info[1] if record.exc_info else None
    return not isinstance(raised, routes.ConnectionCut)
