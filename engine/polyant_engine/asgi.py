"""The composition root of `serve`: settings become adapters, services, routes, applications.

Read it downwards: `Foundation` is what every feature may stand on, `_features` builds them from the
bottom of the ladder to the top, `_compose` puts routers and middleware around their endpoints.
Nothing else in the engine constructs a service.
"""

import asyncio
import contextlib
import logging
import random
import secrets
import socket
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial

from starlette.types import ASGIApp

from polyant_engine.accounts.identities import Identities
from polyant_engine.accounts.identity_store import PostgresIdentityStore
from polyant_engine.accounts.limits import SignInLimits
from polyant_engine.accounts.passwords import Passwords
from polyant_engine.accounts.postgres import AccountStore, AttemptStore
from polyant_engine.accounts.routes import AccountRoutes
from polyant_engine.accounts.service import Accounts
from polyant_engine.agents.model import InstallationModel
from polyant_engine.agents.postgres import PostgresAgents
from polyant_engine.agents.routes import AgentRoutes
from polyant_engine.agents.service import Agents
from polyant_engine.attachments.postgres import PostgresAttachments
from polyant_engine.attachments.routes import AttachmentRoutes
from polyant_engine.attachments.s3 import Place, S3Bucket
from polyant_engine.attachments.service import Attachments
from polyant_engine.channels import assembly
from polyant_engine.channels.assembly import Assembled
from polyant_engine.channels.work import Channels
from polyant_engine.completions.limits import RateLimits
from polyant_engine.completions.postgres import PostgresCounters
from polyant_engine.completions.routes import Callers, Completions
from polyant_engine.conversations import leases, lifetime
from polyant_engine.conversations.call_log import BufferedCallLog
from polyant_engine.conversations.lifetime import Chore
from polyant_engine.conversations.metrics import TurnMetrics
from polyant_engine.conversations.ports import Keeper
from polyant_engine.conversations.postgres import PostgresTurns
from polyant_engine.conversations.service import Dependencies, Turns
from polyant_engine.core import authorities, database, egress, server, sockets
from polyant_engine.core.clock import Clock, SystemClock
from polyant_engine.core.configuration import ConfigurationError, Problem
from polyant_engine.core.database import Database, Executor, OnStatement, Target
from polyant_engine.core.egress import Egress
from polyant_engine.core.hashing import TokenHasher
from polyant_engine.core.health import Check, Health, Operations, PublicHealth
from polyant_engine.core.internal_secret import NOBODY, InternalSecret
from polyant_engine.core.metrics import Metrics
from polyant_engine.core.middleware import stack as middleware
from polyant_engine.core.middleware.faults import Faults
from polyant_engine.core.middleware.internal_routes import Exposure
from polyant_engine.core.routing import Audience, Endpoint, Router
from polyant_engine.core.server import Listener, Plan
from polyant_engine.gateway.openai import OpenAIModel
from polyant_engine.gateway.prices import PriceBook
from polyant_engine.gateway.providers import Providers
from polyant_engine.installation import revisions
from polyant_engine.installation.postgres import InstallationStore
from polyant_engine.installation.service import Compatibility
from polyant_engine.leadership import kubernetes as kubernetes_lease
from polyant_engine.leadership import opening
from polyant_engine.leadership.elector import Elector
from polyant_engine.leadership.metrics import ElectionMetrics
from polyant_engine.leadership.records import Times
from polyant_engine.leadership.routes import LeadershipRoutes
from polyant_engine.leadership.service import Leadership
from polyant_engine.leadership.watchdog import FaulthandlerWatchdog
from polyant_engine.settings import ElectionBackend, HttpSettings, Settings
from polyant_engine.vault import model as vault_model
from polyant_engine.vault.service import Vault

DRAIN_MARGIN_SECONDS = 15  # beyond the longest agent call; the operator's grace period is 20

COUNTER_SECONDS = 600.0
LEADER_CONNECTIONS = 2  # reserved for the leader's writes, and opened by a leader only

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """What every feature may stand on."""

    settings: Settings
    clock: Clock
    metrics: Metrics
    database: Database
    egress: Egress
    vendors: Egress  # the same for channels, whose long polls keep a connection each
    hasher: TokenHasher
    vault: Vault
    accounts: Accounts
    leadership: Leadership


@dataclass(frozen=True, kw_only=True)
class Engine:
    """The applications of one engine process, one per listener."""

    main: ASGIApp
    internal: ASGIApp | None  # nothing: internal routes are on the main port
    operations: ASGIApp
    health: Health
    leadership: Leadership
    channels: Channels | None  # nothing: they are switched off
    endpoints: tuple[Endpoint, ...]  # everything that is served, for the test that walks them


@contextlib.asynccontextmanager
async def opened(
    settings: Settings, *, on_statement: OnStatement | None = None
) -> AsyncIterator[Engine]:
    """Build the engine and keep its resources open; `on_statement` hears every SQL statement."""
    async with AsyncExitStack() as stack:
        found = await _foundation(stack, settings, on_statement)
        served = await _features(stack, found)
        yield _compose(found, served, Health((_compatibility(found.settings, found.database),)))


async def _foundation(
    stack: AsyncExitStack, settings: Settings, on_statement: OnStatement | None
) -> Foundation:
    extra_ca_file = settings.database.extra_ca_file
    target = database.Target(dsn=settings.database.dsn, extra_ca_file=extra_ca_file)
    outside = partial(
        egress.opened, proxies=settings.proxies, tls=authorities.context(extra_ca_file)
    )
    pool = await stack.enter_async_context(
        database.opened(target, size=settings.database.pool_size, on_statement=on_statement)
    )
    leaders = replace(target, application_name="polyant-leader")
    leader_pool = await stack.enter_async_context(
        database.opened(leaders, size=LEADER_CONNECTIONS, on_statement=on_statement)
    )
    clock = SystemClock()
    metrics = Metrics()
    hasher = TokenHasher(settings.keys.auth_secret or "")
    limits = SignInLimits(AttemptStore(pool), hasher, clock)
    return Foundation(
        settings=settings,
        clock=clock,
        metrics=metrics,
        database=pool,
        egress=await stack.enter_async_context(outside(settings.model_private_hosts)),
        vendors=await stack.enter_async_context(
            outside(assembly.addresses(settings.channels).private_hosts, connections=0)
        ),
        hasher=hasher,
        vault=Vault(_ring(settings), InstallationStore(pool)),
        accounts=Accounts(AccountStore(pool), Passwords(), limits, hasher),
        leadership=Leadership(_elector(settings, target, metrics, clock), leader_pool),
    )


def _elector(settings: Settings, target: Target, metrics: Metrics, clock: Clock) -> Elector:
    given = settings.election
    place = None
    if given.backend is ElectionBackend.KUBERNETES:
        place = kubernetes_lease.Place(
            api_url=given.api_url or "",
            namespace=given.pod_namespace or "",
            name=given.lease or "",
        )
    times = Times(lease=given.lease_seconds, renew=given.renew_seconds, retry=given.retry_seconds)
    candidate = opening.candidate(given.pod_name, times)
    plan = opening.Plan(
        target=target,
        place=place,
        ping=lambda pool: _compatibility(settings, pool).probe(),
        clock=clock,
    )
    return Elector(
        candidate,
        partial(opening.tools, plan, candidate.identity),
        FaulthandlerWatchdog(),
        ElectionMetrics(metrics.registry),
        clock,
    )


@dataclass(frozen=True, kw_only=True)
class Served:
    """What the features serve, and what of them works beside requests."""

    endpoints: tuple[Endpoint, ...]
    channels: Channels | None


async def _features(stack: AsyncExitStack, found: Foundation) -> Served:
    """Build every feature; whatever must be closed at the end goes onto the stack."""
    models = tuple(
        InstallationModel(name=entry.name, base_url=entry.base_url, api_key=entry.api_key)
        for entry in found.settings.models
    )
    store = PostgresAgents(found.database)
    agents = Agents(store, found.vault, found.hasher, models)
    identities = Identities(
        PostgresIdentityStore(found.database), found.accounts, Passwords(), found.clock
    )
    counters = PostgresCounters(found.database)
    chores = [
        (COUNTER_SECONDS, counters.forget_old_windows),
        assembly.retention(found.database),
    ]
    attachments = _attachments(found)
    runner = f"{found.settings.election.pod_name or socket.gethostname()}/{secrets.token_hex(4)}"
    turns = await stack.enter_async_context(_turns(found, models, chores, attachments, runner))
    channels = _channels(found, turns, runner)
    completions = Completions(
        turns=turns,
        callers=Callers(found.accounts, found.hasher),
        limits=RateLimits(counters, found.clock),
        agents=store,
        clock=found.clock,
    )
    endpoints = (
        *completions.endpoints(),  # the first that fits wins, so the busiest stand first
        *PublicHealth(found.clock).endpoints(),
        *AccountRoutes(found.accounts, identities, found.hasher).endpoints(),
        *AgentRoutes(agents).endpoints(),
        *AttachmentRoutes(attachments).endpoints(),
        *LeadershipRoutes(found.leadership).endpoints(),
        *channels.endpoints,
    )
    return Served(endpoints=endpoints, channels=channels.work)


def _channels(found: Foundation, turns: Turns, runner: str) -> Assembled:
    return assembly.assembled(
        assembly.Given(
            settings=found.settings,
            database=found.database,
            egress=found.vendors,
            clock=found.clock,
            vault=found.vault,
            leadership=found.leadership,
            turns=turns,
            runner=runner,
        )
    )


def _attachments(found: Foundation) -> Attachments | None:
    """Build what keeps files, if there is a bucket for them."""
    given = found.settings.attachments
    if given is None:
        return None
    place = Place(
        bucket=given.bucket,
        region=given.region,
        endpoint=given.endpoint,
        access_key_id=given.access_key_id,
        secret_access_key=given.secret_access_key,
        extra_ca_file=found.settings.database.extra_ca_file,
    )
    rows = PostgresAttachments(found.database)
    return Attachments(rows, S3Bucket(place), found.metrics.registry)


def _turns(
    found: Foundation,
    models: Sequence[InstallationModel],
    chores: Sequence[Chore],
    keeper: Keeper | None,
    runner: str,
) -> AbstractAsyncContextManager[Turns]:
    """Build the turns, which run until the stack closes."""
    store = PostgresTurns(found.database, runner=runner, lease_seconds=leases.LEASE_SECONDS)
    call_log = BufferedCallLog(found.database, found.metrics.registry)
    turns = Turns(
        Dependencies(
            store=store,
            chat_model=OpenAIModel(found.egress, jitter=random.random),
            providers=Providers(models),
            prices=PriceBook(),
            secrets=found.vault,
            call_log=call_log,
            metrics=TurnMetrics(found.metrics.registry),
            clock=found.clock,
            timezone=found.settings.tunables.datetime_timezone,
            keeper=keeper,
        )
    )
    partitions = partial(store.ensure_log_partitions, leases.PARTITION_DAYS)
    ahead: list[Chore] = [(leases.PARTITION_SECONDS, partitions), *chores]
    return lifetime.kept(turns, store, call_log, ahead)


def _compatibility(settings: Settings, executor: Executor) -> Check:
    """Make the check of readiness, which also says who is no candidate."""
    store = InstallationStore(executor)
    return Compatibility(store, revisions.own_head(), _ring(settings).ids).check()


def _compose(found: Foundation, served: Served, health: Health) -> Engine:
    endpoints = served.endpoints
    has_internal_port = found.settings.http.internal_port is not None
    on_main = [e for e in endpoints if not (has_internal_port and _is_internal(e))]
    exposure = Exposure.HIDDEN if has_internal_port else Exposure.DIRECT_ONLY
    operations = Operations(health, found.metrics).endpoints()
    return Engine(
        main=_application(found, on_main, exposure),
        internal=_application(found, endpoints, Exposure.OPEN) if has_internal_port else None,
        operations=Faults(Router(operations, found.accounts, NOBODY)),
        health=health,
        leadership=found.leadership,
        channels=served.channels,
        endpoints=(*endpoints, *operations),
    )


def _application(found: Foundation, endpoints: Iterable[Endpoint], exposure: Exposure) -> ASGIApp:
    http = found.settings.http
    keys = found.settings.keys
    secret = InternalSecret(keys.internal_secret, keys.previous_internal_secret)
    edge = middleware.Edge(
        exposure=exposure, hops=http.trusted_hops, origins=http.origins, internal_secret=secret
    )
    router = Router(endpoints, found.accounts, secret)
    return middleware.wrap(router, edge, found.metrics, found.clock)


def _is_internal(endpoint: Endpoint) -> bool:
    return endpoint.access.audience is Audience.INTERNAL


def _ring(settings: Settings) -> vault_model.Ring:
    return vault_model.ring(settings.keys.encryption_key, settings.keys.previous_encryption_key)


async def run(settings: Settings) -> None:
    """Serve until a signal comes."""
    http = settings.http
    if settings.keys.internal_secret is None:
        _log.warning("AUTH_INTERNAL_SECRET is not set: nobody can sign in with a password")
    main = _listen("API_PORT", http.port, http)
    internal = _listen("INTERNAL_PORT", http.internal_port, http) if http.internal_port else None
    metrics = _listen("METRICS_PORT", http.metrics_port, http)
    grace_seconds = settings.tunables.agent_call_timeout_ms / 1000 + DRAIN_MARGIN_SECONDS
    async with (
        opened(settings) as engine,
        _working(engine, grace_seconds),
        engine.leadership.kept(),
    ):
        public = [Listener(name="main", app=engine.main, socket=main)]
        if internal is not None and engine.internal is not None:
            public.append(Listener(name="internal", app=engine.internal, socket=internal))
        await server.serve(
            Plan(
                public=public,
                operations=Listener(name="operations", app=engine.operations, socket=metrics),
                grace_seconds=grace_seconds,
                on_drain=partial(_drain, engine),
            )
        )


def _working(engine: Engine, grace_seconds: float) -> AbstractAsyncContextManager[object]:
    """Let the channels work, if there are any."""
    if engine.channels is None:
        return contextlib.nullcontext()
    return engine.channels.kept(grace_seconds)


def _drain(engine: Engine) -> None:
    """Hand the leadership over at once; turns that run may end meanwhile."""
    engine.health.drain()
    engine.leadership.resign()
    if engine.channels is not None:
        engine.channels.drain()


def _listen(name: str, port: int, http: HttpSettings) -> socket.socket:
    try:
        return sockets.listen(port, http.listen_address)
    except OSError as failed:
        text = f"cannot listen on port {port}: {failed.strerror}."
        problem = Problem(name=name, text=text, cure="Stop what uses it, or choose another port.")
        raise ConfigurationError([problem]) from failed


def run_forever(settings: Settings) -> None:
    """Serve on the fastest event loop there is."""
    with asyncio.Runner(loop_factory=server.loop_factory()) as runner:
        runner.run(run(settings))
