"""One run: start in order, watch, stop in the opposite order.

Being told to stop is the cancellation of one task, wherever it is; what was started by then is
stopped. A process that ends by itself ends the trial, with the last lines of its log.
"""

import asyncio
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable

from dev.trial import console, database, keys, leftovers, ports, programs
from dev.trial.child import Child, Program
from dev.trial.errors import TrialError
from dev.trial.keys import Keys
from dev.trial.options import Options
from dev.trial.programs import Ports, address
from dev.trial.state import State

START_LIMIT = 90.0  # seconds for one process; a slow laptop needs a tenth of it
PROBE = 0.1  # seconds between two probes
PATIENCE = (
    1.0  # seconds within which a second signal is the same one: terminals and `timeout` repeat
)

Ready = Callable[[Child], Awaitable[None]]


class Trial:
    """The processes of one run."""

    def __init__(self, state: State, options: Options) -> None:
        self._state = state
        self._options = options
        self._children: list[Child] = []
        self._followers: list[asyncio.Task[None]] = []

    async def run(self) -> int:
        """Run until told to stop (0) or until a process ends by itself (1)."""
        _Signals().cancel_this_task()
        try:
            await self._start()
            return await self._watch()
        except asyncio.CancelledError:
            return 0
        finally:
            await self._stop()

    async def _start(self) -> None:
        for found in leftovers.stop(self._state):
            console.say(f"  A killed run had left {found} behind: stopped.")
        chosen = _choose_ports(self._options)
        first_time = not self._state.keys.exists()
        secrets = keys.load(self._state)
        await self._start_all(secrets, chosen)
        console.summary(_facts(self._state, chosen, first_time=first_time))

    async def _start_all(self, secrets: Keys, chosen: Ports) -> None:
        await asyncio.to_thread(database.prepare, self._state, secrets)
        self._note(chosen)

        async def database_ready(child: Child) -> None:
            await database.wait_ready(child, secrets, chosen.database)

        steps: tuple[tuple[Program, Ready, str], ...] = (
            (
                database.program(self._state, chosen.database),
                database_ready,
                f"{ports.HOST}:{chosen.database}",
            ),
            (
                programs.model(chosen),
                _answers(f"{address(chosen.model)}/health"),
                f"{address(chosen.model)}/v1",
            ),
            (
                programs.engine(self._state, secrets, chosen),
                _answers(f"{address(chosen.engine_metrics)}/readyz"),
                address(chosen.engine),
            ),
            (
                programs.web(secrets, chosen),
                _answers(f"{address(chosen.web_metrics)}/readyz"),
                address(chosen.web),
            ),
        )
        for program, ready, where in steps:
            await self._start_one(program, ready, where)
            self._note(chosen)

    async def _start_one(self, program: Program, ready: Ready, where: str) -> None:
        started = time.monotonic()
        child = await Child.start(program, self._state.log(program.name))
        self._children.append(child)
        if self._options.logs:
            self._followers.append(asyncio.create_task(console.follow(program.name, child.log)))
        try:
            await asyncio.wait_for(ready(child), START_LIMIT)
        except TimeoutError:
            raise TrialError(
                f"{program.name} did not get ready within {START_LIMIT:.0f} s, "
                f"see {child.log}:\n{child.tail()}"
            ) from None
        console.ready(program.name, time.monotonic() - started, where)

    def _note(self, chosen: Ports) -> None:
        self._state.write_run(
            {
                "pid": os.getpid(),
                "addresses": {
                    "web": address(chosen.web),
                    "engine": address(chosen.engine),
                    "internal": address(chosen.internal),
                    "model": address(chosen.model),
                },
                "children": [child.note for child in self._children],
            }
        )

    async def _watch(self) -> int:
        waits = {asyncio.create_task(child.wait()): child for child in self._children}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        child = waits[done.pop()]
        console.complain(
            f"\n{child.program.name} ended with {child.exit_code}, so the trial ends. "
            f"The last lines of {child.log}:\n{child.tail()}"
        )
        return 1

    async def _stop(self) -> None:
        if self._children:
            console.say("\nStopping ...")
        try:
            for child in reversed(self._children):
                if child.exit_code is None:
                    await child.stop()
                    console.say(f"  {child.program.name:<9} stopped")
        except asyncio.CancelledError:
            console.say("Told twice: ending the rest at once.")
        finally:
            for child in self._children:
                child.kill()
            for follower in self._followers:
                follower.cancel()
            self._state.run.unlink(missing_ok=True)


class _Signals:
    """Turns a signal into the cancellation of a task, and another one later into a second."""

    def __init__(self) -> None:
        self._first: float | None = None

    def cancel_this_task(self) -> None:
        """Cancel the running task when the trial is told to stop."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a coroutine always runs in a task
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._told, task)

    def _told(self, task: asyncio.Task[int]) -> None:
        now = time.monotonic()
        if self._first is None or now - self._first > PATIENCE:
            self._first = now
            task.cancel()


def _choose_ports(options: Options) -> Ports:
    claimed = ports.claim(options.ports)
    return Ports(
        web=claimed["--web-port"],
        engine=claimed["--engine-port"],
        model=claimed["--model-port"],
        internal=ports.free(),
        engine_metrics=ports.free(),
        web_metrics=ports.free(),
        database=ports.free(),
    )


def _facts(state: State, chosen: Ports, *, first_time: bool) -> dict[str, str]:
    password = f"in {state.first_password}, if you have not changed it"
    if first_time:
        shown = state.first_password.read_text().strip()
        password = f"{shown}   (shown this once; it is also in {state.first_password})"
    return {
        "Panel": address(chosen.web),
        "API": f"{address(chosen.engine)}/v1",
        "Sign in as": programs.ADMIN,
        "First password": password,
        "Scripted model": f'make an agent with provider "{programs.MODEL}" and any model name',
        "Stop": "Ctrl-C; data and keys stay for the next time",
        "Reset": f"{os.path.relpath(sys.executable)} -m dev.trial --reset --folder {state.folder}",
    }


def _answers(url: str) -> Ready:
    async def wait(child: Child) -> None:
        while not await asyncio.to_thread(_is_fine, url):
            if child.exit_code is not None:
                name = child.program.name
                raise TrialError(
                    f"{name} ended with {child.exit_code} while starting, "
                    f"see {child.log}:\n{child.tail()}"
                )
            await asyncio.sleep(PROBE)

    return wait


def _is_fine(url: str) -> bool:
    # A proxy named in the terminal's environment has no business with 127.0.0.1.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004  # the one status that means ready
    except (OSError, urllib.error.URLError):
        return False
