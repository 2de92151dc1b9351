"""The vendors of this engine, and the routes under which they call: one line each.

A vendor is here or nowhere: channels of other kinds cannot be configured, started or answered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.types import Scope

from polyant_engine.channels.account_store import PostgresAccounts
from polyant_engine.channels.model import Kind
from polyant_engine.channels.ports import Intake, Renderer, Vendor
from polyant_engine.channels.slack import api as slack
from polyant_engine.channels.slack.routes import SlackWebhooks
from polyant_engine.channels.slack.vendor import SlackVendor
from polyant_engine.channels.telegram import api as telegram
from polyant_engine.channels.telegram.vendor import TelegramVendor
from polyant_engine.channels.twilio import api as twilio
from polyant_engine.channels.twilio.routes import TwilioWebhooks
from polyant_engine.channels.twilio.store import PostgresContacts
from polyant_engine.channels.twilio.vendor import TwilioVendor
from polyant_engine.core.clock import Clock
from polyant_engine.core.database import Database
from polyant_engine.core.egress import Egress
from polyant_engine.core.routing import Endpoint


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where vendors are."""

    telegram: str = telegram.VENDOR
    slack: str = slack.VENDOR
    twilio: str = twilio.VENDOR

    @property
    def private_hosts(self) -> tuple[str, ...]:
        """Return the hosts that were named instead of the vendors' own: they may be private."""
        own = Addresses()
        pairs = (
            (self.telegram, own.telegram),
            (self.slack, own.slack),
            (self.twilio, own.twilio),
        )
        return tuple(urlsplit(given).netloc for given, vendors in pairs if given != vendors)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What vendors stand on."""

    database: Database
    egress: Egress
    clock: Clock
    addresses: Addresses
    accounts: PostgresAccounts
    intake: Intake
    public_url: str | None
    url_of: Callable[[Scope], str]  # the URL that a request was signed over


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A vendor, and what it may call."""

    vendor: Vendor
    secrets: frozenset[str]  # what of a configuration goes into the vault
    webhooks: Sequence[Endpoint] = ()


class Registry:
    """All vendors."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.vendors: Mapping[Kind, Vendor] = {each.vendor.kind: each.vendor for each in entries}
        self.secret_names = {each.vendor.kind: each.secrets for each in entries}
        self.webhooks: tuple[Endpoint, ...] = tuple(
            endpoint for each in entries for endpoint in each.webhooks
        )

    @property
    def renderers(self) -> Mapping[Kind, Renderer]:
        """Return what makes messages of replies, by the kind of channel."""
        return {kind: vendor.renderer for kind, vendor in self.vendors.items()}


def registry(on: Ground) -> Registry:
    """Build every vendor."""
    return Registry((_telegram(on), _slack(on), _twilio(on)))


def _telegram(on: Ground) -> Entry:
    vendor = TelegramVendor(on.egress, on.clock, on.addresses.telegram)
    return Entry(vendor=vendor, secrets=frozenset({"botToken"}))


def _slack(on: Ground) -> Entry:
    vendor = SlackVendor(on.egress, on.clock, on.addresses.slack)
    secrets = frozenset({"botToken", "appToken", "signingSecret"})
    webhooks = SlackWebhooks(on.accounts, on.intake, on.clock)
    return Entry(vendor=vendor, secrets=secrets, webhooks=webhooks.endpoints())


def _twilio(on: Ground) -> Entry:
    known = PostgresContacts(on.database)
    url = on.addresses.twilio
    vendor = TwilioVendor(on.egress, on.clock, known, on.public_url, url)
    webhooks = TwilioWebhooks(on.accounts, on.intake, known, known, on.url_of, vendor.base_url)
    secrets = frozenset({"authToken", "apiKeySecret", "webhookSecret"})
    return Entry(vendor=vendor, secrets=secrets, webhooks=webhooks.endpoints())
