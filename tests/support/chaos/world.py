"""A whole installation to be broken: replicas, database, vendors, scripted model, lease.

    async with world.running(folder, Setup(seed=1)) as found:
        await found.talk(10)

Every way between a replica and anything else leads through a relay of its own.
"""

import asyncio
import contextlib
import json
import os
import random
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from bench import stack
from polyant_engine.vault import model as vault
from support import postgres
from support.chaos import database, ledger, replica
from support.chaos.channels import Traffic
from support.chaos.database import Database
from support.chaos.evidence import Evidence, Fault
from support.chaos.lease import Lease
from support.chaos.replica import Replica
from support.chaos.telegram import TelegramTraffic

CHANNELS = (TelegramTraffic,)
RULES = """
rules:
  - match: {text: "slow"}
    reply: "You said: {text}"
    chunks: {size: 4, delayMs: 100}
  - match: {text: "long (?P<token>t[0-9]+)"}
    reply: "You said: {text}\\n\\nFILLER"
  - reply: "You said: {text}"
""".replace("FILLER", "{token} " * 800)
KINDS = ("quick", "quick", "quick", "quick", "slow", "long")
LOUD_SECONDS = (0.05, 0.35)  # between two messages
SKEWS = (0.0, 3600.0, -3600.0)  # of the replicas' wall clocks
ELECTION = {"LEASE": 3, "RENEW": 2, "RETRY": 1}


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a run is made of."""

    seed: int
    replicas: int = 3
    is_kubernetes: bool = False
    broken: str = ""  # a mutation of every replica
    dawdles: float = 0.0


@dataclass
class World:
    """What runs now."""

    setup: Setup
    database: Database
    replicas: Sequence[Replica]
    channels: Sequence[Traffic]
    lease: Lease | None
    chance: random.Random
    faults: list[Fault] = field(default_factory=list)

    @property
    def ways(self) -> dict[str, str]:
        return {each.address: each.name for each in self.replicas}

    async def leader(self) -> Replica:
        """Return whom the fence names, or anybody while nobody has led."""
        connection = await self.database.connect()
        try:
            holder = await connection.fetchval("SELECT coalesce(holder, '') FROM fence")
        finally:
            await connection.close()
        name = holder.rpartition("_")[0]
        fitting = [each for each in self.replicas if each.name == name]
        return fitting[0] if fitting else self.replicas[0]

    async def talk(self) -> None:
        """Let people write until somebody cancels it."""
        while True:
            traffic = self.chance.choice(self.channels)
            for _ in range(self.chance.choice((1, 1, 1, 2, 4))):
                kind = self.chance.choice(KINDS)
                traffic.say(lambda token, kind=kind: f"{kind} {token}", self.chance)  # type: ignore[misc]  # a default binds it
            await asyncio.sleep(self.chance.uniform(*LOUD_SECONDS))

    async def heal(self) -> None:
        """Undo whatever is wrong."""
        for channel in self.channels:
            channel.heal()
        if self.lease is not None:
            self.lease.heal()
        for each in self.replicas:
            each.heal()
            each.is_wanted = True

    async def settle(self, seconds: float) -> bool:
        """Wait until nothing is open any more; tell whether that came."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not await self._is_settled():  # noqa: ASYNC110  a database has no event for it
                    await asyncio.sleep(0.25)
                return True
        return False

    async def _is_settled(self) -> bool:
        if any(
            each.acknowledged_at is None for traffic in self.channels for each in traffic.said()
        ):
            return False
        connection = await self.database.connect()
        try:
            return await ledger.count_open(connection) == 0
        finally:
            await connection.close()

    async def evidence(self) -> Evidence:
        """Gather everything."""
        connection = await self.database.connect()
        try:
            rows = await ledger.read(connection, self.ways)
        finally:
            await connection.close()
        return Evidence(
            said=[each for traffic in self.channels for each in traffic.said()],
            delivered=[each for t in self.channels for each in t.delivered(self.ways)],
            polls=[each for traffic in self.channels for each in traffic.polls(self.ways)],
            stored=rows.stored,
            messages=rows.messages,
            turns=rows.turns,
            parts=rows.parts,
            writes=rows.writes,
            faults=self.faults,
        )


@contextlib.asynccontextmanager
async def running(folder: Path, setup: Setup) -> AsyncIterator[World]:
    """Run everything until the block ends."""
    async with contextlib.AsyncExitStack() as opened:
        channels = [each(setup.seed) for each in CHANNELS]
        for channel in channels:
            await opened.enter_async_context(channel.simulator())
        model = await opened.enter_async_context(stack.scripted_model(folder, RULES))
        server = await opened.enter_async_context(database.running())
        await _configured(server, channels)
        lease = None
        if setup.is_kubernetes:
            lease = await opened.enter_async_context(Lease.running(folder))
        world = World(
            setup=setup,
            database=server,
            replicas=await _replicas(opened, folder, setup, (server, channels, lease, model)),
            channels=channels,
            lease=lease,
            chance=random.Random(setup.seed),  # noqa: S311 -- a repeatable choice, no secret
        )
        for each in world.replicas:
            await each.start()
        await asyncio.gather(*(each.until_ready() for each in world.replicas))
        for each in world.replicas:
            keeping = asyncio.create_task(replica.kept_running(each))
            opened.push_async_callback(_ended, keeping)
        yield world
        await world.heal()


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _replicas(
    opened: contextlib.AsyncExitStack,
    folder: Path,
    setup: Setup,
    others: tuple[Database, Sequence[Traffic], Lease | None, str],
) -> list[Replica]:
    server, channels, lease, model = others
    targets: dict[str, replica.Target] = {"database": lambda: ("127.0.0.1", server.port)}
    for channel in channels:
        targets[channel.kind] = lambda channel=channel: ("127.0.0.1", channel.port)  # type: ignore[misc]  # a default binds it
    if lease is not None:
        targets["api"] = lambda: ("127.0.0.1", lease.port)
    found = []
    for number in range(setup.replicas):
        name = "abcdefgh"[number]
        made = await opened.enter_async_context(replica.running(name, number, folder, targets))
        more = lease.environment(made.relays["api"].port) if lease is not None else {}
        for channel in channels:
            more |= channel.environment(made.relays[channel.kind].port)
        made.environment = _environment(setup, made, model) | more
        found.append(made)
    return found


def _environment(setup: Setup, made: Replica, model: str) -> dict[str, str]:
    skew = SKEWS[int(made.address.rpartition(".")[2]) % len(SKEWS)]
    election = {f"ELECTION_{name}_SECONDS": str(number) for name, number in ELECTION.items()}
    return {
        **replica.surroundings(),
        **election,
        "POD_NAME": made.name,
        "MIGRATE_ON_START": "false",
        "LISTEN_ADDRESS": "127.0.0.1",
        "MODELS": json.dumps([{"name": "main", "provider": "openai", "baseUrl": model}]),
        "MODEL_PRIVATE_HOSTS": "127.0.0.1",
        "MESSAGE_SOFT_DEBOUNCE_MS": "300",
        "MESSAGE_TYPING_DELAY_MS": "200",
        "AGENT_CALL_TIMEOUT_MS": "20000",
        "CHAOS_BREAK": setup.broken,
        "CHAOS_DAWDLE": str(setup.dawdles or ""),
        "CHAOS_SKEW": str(skew or ""),
    }


async def _configured(server: Database, channels: Sequence[Traffic]) -> None:
    connection = await server.connect()
    try:
        await ledger.install(connection)
        for channel in channels:
            for account, settings, secrets in channel.accounts():
                await _configure(connection, channel.kind, account, settings, secrets)
    finally:
        await connection.close()


async def _configure(
    connection: asyncpg.Connection,
    kind: str,
    account: str,
    settings: Mapping[str, object],
    secrets: Mapping[str, str],
) -> None:
    """One agent with one channel, its secrets sealed as the engine seals them."""
    agent = await connection.fetchval(
        "INSERT INTO agents (slug, name, provider, model) VALUES ($1, $1, 'main', 'demo')"
        " RETURNING id",
        f"a-{kind}-{account}",
    )
    number = uuid.uuid4()
    ring = vault.ring(postgres.ENCRYPTION_KEY, None)
    [key] = ring.ids
    binding = vault.binding(vault.Purpose.CHANNEL_CONFIG, number)
    sealed = ring.seal(key, binding, json.dumps(secrets).encode(), os.urandom(vault.NONCE_BYTES))
    await connection.execute(
        "INSERT INTO channels (id, agent_id, kind, account, settings, box, key_id)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        *(number, agent, kind, account, json.dumps(settings), sealed.box, sealed.key_id),
    )
