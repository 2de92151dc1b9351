"""A Twilio channel over a real database and real connections, and the simulator it works against."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import uvicorn

from polyant_engine.channels.account_store import PostgresAccounts
from polyant_engine.channels.model import Account, Address, Content, Kind, Part
from polyant_engine.channels.outbox_store import content_row
from polyant_engine.channels.twilio.routes import TwilioWebhooks
from polyant_engine.channels.twilio.store import PostgresContacts
from polyant_engine.channels.twilio.vendor import TwilioVendor
from polyant_engine.core import egress, public_url, sockets
from polyant_engine.core.clock import SystemClock
from polyant_engine.core.internal_secret import InternalSecret
from polyant_engine.core.middleware.faults import Faults
from polyant_engine.core.routing import Router
from polyant_engine.leadership.fence import Term
from polyant_engine.vault import model as vault_model
from polyant_engine.vault.model import Purpose
from polyant_engine.vault.service import Vault
from support import channel_store
from support.channel_store import DONE, ChannelStores
from support.twilio_settings import divided
from support.twilio_world import Nobody
from support.vendors.twilio import account as vendor_account
from support.vendors.twilio.simulator import Twilio

NUMBER = "+15550001111"
SENDER = f"whatsapp:{NUMBER}"
ADA_NUMBER = "+491701234567"
ADA = f"whatsapp:{ADA_NUMBER}"
HEX_KEY = "ab" * 32


class _Active:
    async def active_key_id(self) -> str:
        return vault_model.key(HEX_KEY).id


@dataclass
class Channel:
    """Everything around one channel of the agent `helper`."""

    stores: ChannelStores
    twilio: Twilio
    theirs: vendor_account.Account
    account: Account
    vendor: TwilioVendor
    url: str  # where the webhooks are

    @property
    def webhook(self) -> str:
        secret = self.account.secrets.get("webhookSecret", "")
        return f"{self.url}/webhooks/twilio/helper/whatsapp" + (f"/{secret}" if secret else "")

    async def said(self) -> list[str]:
        rows = await self.stores.pool.fetch(
            "SELECT content FROM messages WHERE role = 'user' ORDER BY seq"
        )
        return [row["content"] for row in rows]

    async def ignored(self) -> list[str]:
        rows = await self.stores.pool.fetch(
            "SELECT reason FROM inbox WHERE state = 'ignored' ORDER BY received_at"
        )
        return [row["reason"] for row in rows]

    async def reply(self, term: Term, *contents: Content) -> list[uuid.UUID]:
        """Answer the turn that waits; gives the parts in the outbox."""
        turn = await self.stores.claim_one(term)
        await self.stores.queue.close(turn.opened, DONE, [content_row(each) for each in contents])
        rows = await self.stores.pool.fetch("SELECT id FROM outbox ORDER BY seq")
        return [row["id"] for row in rows]

    async def part(self, part_id: uuid.UUID) -> Mapping[str, Any]:
        row = await self.stores.pool.fetchrow(
            "SELECT state, reason, external_id, delivery FROM outbox WHERE id = $1", part_id
        )
        return dict(row or {})

    async def becomes(self, part_id: uuid.UUID, **wanted: Any) -> Mapping[str, Any]:
        """Wait until a part is as it is wanted."""
        async with asyncio.timeout(15):
            while True:
                found = await self.part(part_id)
                if all(found[name] == value for name, value in wanted.items()):
                    return found
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def opened(url: str, twilio: Twilio, **settings: Any) -> AsyncIterator[Channel]:
    """Open a channel of an agent, with its webhooks served; settings go over those by token."""
    theirs = twilio.add_account()
    values = {"accountSid": theirs.sid, "authToken": theirs.token, "whatsappNumber": NUMBER}
    async with channel_store.opened(url, debounce_seconds=0.1) as stores:
        account = await _configured(stores, {**values, **settings})
        contacts = PostgresContacts(stores.pool)
        listener = sockets.listen(0, "127.0.0.1")
        port = listener.getsockname()[1]
        base = f"http://127.0.0.1:{port}"
        async with egress.opened(["127.0.0.1", "localhost"]) as outside:
            vendor = TwilioVendor(outside, SystemClock(), contacts, base, twilio.url)
            accounts = PostgresAccounts(stores.pool, _vault())
            webhooks = TwilioWebhooks(
                accounts,
                stores.inbox,
                contacts,
                contacts,
                partial(public_url.of, base_url=base, hops=0),
                vendor.base_url,
            )
            app = Faults(Router(webhooks.endpoints(), Nobody(), InternalSecret("x" * 20)))
            async with _served(app, listener):
                channel = Channel(stores, twilio, theirs, account, vendor, base)
                for name in (SENDER, NUMBER):
                    twilio.add_address(theirs, name, webhook=channel.webhook)
                yield channel


def part(text: str = "hello", chat: str = ADA, **more: Any) -> Part:
    given = {"content": Content(text=text), "reply_to": None, "attempt": 1, **more}
    return Part(
        id=uuid.uuid4(), key="k", channel_id=uuid.uuid4(), address=Address(chat=chat), **given
    )


def _vault() -> Vault:
    return Vault(vault_model.ring(HEX_KEY, None), _Active())


async def _configured(stores: ChannelStores, values: dict[str, Any]) -> Account:
    """Make the channel one of Twilio's."""
    settings, secrets = divided(values)
    channel = stores.account.id
    sealed = await _vault().seal(Purpose.CHANNEL_CONFIG, channel, json.dumps(secrets))
    await stores.pool.execute(
        "UPDATE channels SET kind = 'whatsapp', account = $2, settings = $3, box = $4, key_id = $5"
        " WHERE id = $1",
        channel,
        settings["whatsappNumber"],
        settings,
        sealed.box,
        sealed.key_id,
    )
    return replace(
        stores.account,
        kind=Kind.WHATSAPP,
        name=settings["whatsappNumber"],
        settings=settings,
        secrets=secrets,
    )


@contextlib.asynccontextmanager
async def _served(app: Any, listener: Any) -> AsyncIterator[None]:
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, ws="none")
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment,method-assign]  # the test runner's
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await task
        listener.close()
