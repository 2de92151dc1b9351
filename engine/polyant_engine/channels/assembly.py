"""Channels put together: stores, vendors, routes, and the work unless it is switched off."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from polyant_engine.channels.account_store import PostgresAccounts
from polyant_engine.channels.answering import Runner
from polyant_engine.channels.configured_store import PostgresConfigured, PostgresTroubles
from polyant_engine.channels.configuring import Configuring
from polyant_engine.channels.outbox_store import PostgresOutbox
from polyant_engine.channels.postgres import PostgresInbox, Rules
from polyant_engine.channels.registry import Addresses, Ground, registry
from polyant_engine.channels.routes import ChannelRoutes
from polyant_engine.channels.work import Channels, Parts
from polyant_engine.conversations.leases import LEASE_SECONDS
from polyant_engine.conversations.queue_store import PostgresQueue
from polyant_engine.core import public_url
from polyant_engine.core.clock import Clock
from polyant_engine.core.database import Database, Executor
from polyant_engine.core.egress import Egress
from polyant_engine.core.routing import Endpoint
from polyant_engine.leadership.service import Leadership
from polyant_engine.options import ChannelSettings, OutboundPolicy, Settings, Tunables
from polyant_engine.vault.service import Vault

FORGET_SECONDS = 60.0
FORGET_ROWS = 10_000  # at a time, in each replica: more than messages come in

Chore = tuple[float, Callable[[], Awaitable[object]]]


def retention(database: Executor) -> Chore:
    """Return what forgets old messages, now and again; also where no channel runs any more."""
    return FORGET_SECONDS, partial(PostgresOutbox(database).forget, FORGET_ROWS)


@dataclass(frozen=True, kw_only=True)
class Given:
    """What channels are built from."""

    database: Database
    egress: Egress
    clock: Clock
    vault: Vault
    leadership: Leadership
    turns: Runner
    runner: str  # this process, as whose turns are claimed
    settings: Settings


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """Channels, ready to be served and to work."""

    endpoints: tuple[Endpoint, ...]
    work: Channels | None  # nothing: they are switched off


def assembled(given: Given) -> Assembled:
    """Build everything; without channels no vendor is served and nothing works."""
    accounts = PostgresAccounts(given.database, given.vault)
    settings, http = given.settings, given.settings.http
    inbox = PostgresInbox(given.database, _rules(settings.tunables), given.clock)
    ground = Ground(
        database=given.database,
        egress=given.egress,
        clock=given.clock,
        addresses=addresses(settings.channels),
        accounts=accounts,
        intake=inbox,
        public_url=http.base_url,
        url_of=partial(public_url.of, base_url=http.base_url, hops=http.trusted_hops),
    )
    vendors = registry(ground)
    configured = PostgresConfigured(given.database)
    routes = ChannelRoutes(
        Configuring(configured, given.vault, vendors.vendors, vendors.secret_names),
        PostgresTroubles(given.database),
        is_enabled=settings.channels.enabled,
    )
    if not settings.channels.enabled:
        return Assembled(endpoints=routes.endpoints(), work=None)
    queue = PostgresQueue(given.database, runner=given.runner, lease_seconds=LEASE_SECONDS)
    parts = Parts(
        leadership=given.leadership,
        accounts=accounts,
        intake=inbox,
        registry=vendors,
        queue=queue,
        runner=given.turns,
        is_sent_again=settings.channels.outbound_policy is OutboundPolicy.AT_LEAST_ONCE,
    )
    endpoints = (*routes.endpoints(), *vendors.webhooks)
    return Assembled(endpoints=endpoints, work=Channels(parts))


def addresses(settings: ChannelSettings) -> Addresses:
    """Return where vendors are."""
    return Addresses(
        telegram=settings.telegram_api_url,
        slack=settings.slack_api_url,
        twilio=settings.twilio_api_url,
    )


def _rules(tunables: Tunables) -> Rules:
    return Rules(
        debounce_seconds=tunables.message_soft_debounce_ms / 1000,
        max_restarts=tunables.message_max_restarts,
    )
