"""The simulators as a program: `PYTHONPATH=tests python -m support.vendors telegram slack twilio`.

Each listens on a port of its own, prints one line of JSON when it is ready, and is told what to do
by `POST /_control/ACTION`; `GET /_control/journal?since=N` gives what happened.
"""

import argparse
import asyncio
import json
import signal
from contextlib import AsyncExitStack
from pathlib import Path

from support.vendors.server import Simulator
from support.vendors.slack.simulator import Slack
from support.vendors.telegram.simulator import Telegram
from support.vendors.twilio.simulator import Twilio

VENDORS: dict[str, type[Simulator]] = {"telegram": Telegram, "slack": Slack, "twilio": Twilio}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m support.vendors", description=__doc__)
    parser.add_argument("vendors", nargs="+", choices=sorted(VENDORS))
    parser.add_argument("--port", type=int, default=0, help="of the first; the others follow")
    parser.add_argument("--seed", type=int, default=0, help="makes choices repeatable")
    parser.add_argument("--journal", type=Path, help="a folder for journals, one line an entry")
    return parser


async def _run(options: argparse.Namespace) -> None:
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for end in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(end, ended.set)
    async with AsyncExitStack() as stack:
        for number, name in enumerate(options.vendors):
            file = options.journal / f"{name}.jsonl" if options.journal else None
            port = options.port + number if options.port else 0
            made = VENDORS[name](port=port, seed=options.seed, journal=file)
            running = await stack.enter_async_context(made)
            ready = {"vendor": name, "url": running.url}
            print(json.dumps(ready), flush=True)  # noqa: T201 -- how the caller learns the ports
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(_run(_parser().parse_args()))
