"""One engine of a run: a process that is killed, frozen and started again, and its ways to everything else."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from support import postgres
from support.chaos.relay import Relay

START_SECONDS = 30.0
STOP_SECONDS = 20.0

# Where something is, now: servers may be started anew.
Target = Callable[[], tuple[str, int]]


@dataclass
class Replica:
    """A replica by its name; its process may be another one every minute."""

    name: str
    address: str
    folder: Path
    relays: Mapping[str, Relay]
    environment: Mapping[str, str] = field(repr=False)
    ports: tuple[int, int, int] = (0, 0, 0)
    process: "subprocess.Popen[bytes] | None" = None
    is_wanted: bool = True  # whether it should run: a fault may keep it down for a while

    @property
    def log(self) -> Path:
        return self.folder / f"engine-{self.name}.log"

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        """Send a signal, if there is somebody to get it."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    async def start(self) -> None:
        """Start a new process."""
        main, internal, metrics = self.ports = (
            postgres.free_port(),
            postgres.free_port(),
            postgres.free_port(),
        )
        ports = {
            "API_PORT": str(main),
            "INTERNAL_PORT": str(internal),
            "METRICS_PORT": str(metrics),
        }
        url = f"postgresql://{postgres.SUPERUSER}@127.0.0.1:{self.relays['database'].port}/chaos"
        with self.log.open("ab") as stream:
            stream.write(f"--- started at {time.monotonic():.3f}\n".encode())
            self.process = await asyncio.to_thread(
                subprocess.Popen,
                [sys.executable, "-m", "support.chaos.sabotage", "serve"],
                env=postgres.environment(url, **{**self.environment, **ports}),
                stdout=stream,
                stderr=stream,
            )

    async def is_ready(self) -> bool:
        """Ask its readiness."""
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            wait = aiohttp.ClientTimeout(total=2)
            url = f"http://127.0.0.1:{self.ports[2]}/readyz"
            async with aiohttp.ClientSession(timeout=wait) as client, client.get(url) as answer:
                return answer.status == 200
        return False

    async def until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not await self.is_ready():
            if time.monotonic() > deadline:
                tail = self.log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"engine {self.name} is not ready:\n{tail}")
            await asyncio.sleep(0.1)

    async def kill(self) -> None:
        """End it without a word."""
        self.signal(signal.SIGKILL)
        await self.wait()

    async def stop(self) -> None:
        """End it in order; one that does not is killed."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            await self.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            await self.kill()

    async def wait(self, seconds: float | None = None) -> None:
        if self.process is not None:
            await asyncio.to_thread(self.process.wait, seconds)

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def heal(self) -> None:
        """Let its process and its networks be well."""
        self.thaw()
        for relay in self.relays.values():
            relay.heal()


async def kept_running(replica: Replica) -> None:
    """Do what a kubelet does: start a container that ended again, a moment later."""
    while True:
        await asyncio.sleep(0.3)
        if replica.is_wanted and not replica.is_running:
            await replica.start()


@contextlib.asynccontextmanager
async def running(
    name: str, number: int, folder: Path, targets: Mapping[str, Target]
) -> AsyncIterator[Replica]:
    """Open the relays of a replica; the caller starts it, and its last process ends here."""
    address = f"127.0.0.{10 + number}"
    async with contextlib.AsyncExitStack() as stack:
        relays = {
            kind: await stack.enter_async_context(Relay(target, address))
            for kind, target in targets.items()
        }
        found = Replica(name, address, folder, relays, environment={})
        try:
            yield found
        finally:
            found.is_wanted = False
            await found.stop()


def surroundings() -> dict[str, str]:
    """What an interpreter needs to find the tests' own modules."""
    here = Path(__file__).parents[2]
    return {"PYTHONPATH": str(here), "PYTHONUNBUFFERED": "1", "HOME": os.devnull}
