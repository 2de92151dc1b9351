"""Webhooks of Twilio over stores in memory, and signed requests to them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlencode

from starlette.types import ASGIApp

from polyant_engine.channels.model import Account, Kind
from polyant_engine.channels.twilio.ports import Standing
from polyant_engine.channels.twilio.routes import TwilioWebhooks
from polyant_engine.channels.twilio.signature import FORM, signed_with
from polyant_engine.channels.twilio.statuses import Status
from polyant_engine.channels.twilio.words import Word
from polyant_engine.core import public_url
from polyant_engine.core.internal_secret import InternalSecret
from polyant_engine.core.middleware.faults import Faults
from polyant_engine.core.routing import Router
from support.asgi import Answer, request
from support.inbox import MemoryInbox
from support.twilio_settings import ACCOUNT, NUMBER, TOKEN, account

BASE = "https://chat.example.com"
PATH = "/webhooks/twilio/helper/whatsapp"
ADA = "whatsapp:+491701234567"


class Nobody:
    """No session is good here."""

    async def session(self, token: str) -> None:
        del token


@dataclass
class MemoryContacts:
    """Contacts, by chat."""

    inbox: MemoryInbox
    out: set[str] = field(default_factory=set)
    heard: dict[str, str] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)

    async def hear(self, account: Account, chat: str, sid: str, word: Word) -> bool:
        del account
        if sid not in self.inbox.events:
            self.heard[chat] = sid
            if word is Word.STOP:
                self.out.add(chat)
            elif word is Word.START:
                self.out.discard(chat)
        return chat in self.out

    async def standing(self, account: Account, chat: str) -> Standing:
        del account
        if self.failures:
            raise self.failures.pop(0)
        last = self.heard.get(chat)
        return Standing(is_opted_out=chat in self.out, is_heard=last is not None, last_message=last)

    async def opt_out(self, account: Account, chat: str) -> None:
        del account
        self.out.add(chat)


@dataclass
class Webhooks:
    """One channel whose webhooks can be called."""

    account: Account = field(default_factory=account)
    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    told: list[tuple[uuid.UUID, uuid.UUID, Status]] = field(default_factory=list)
    base_url: str | None = BASE

    def __post_init__(self) -> None:
        self.contacts = MemoryContacts(self.inbox)

    async def of_agent(self, slug: str, kind: Kind) -> Account | None:
        return self.account if (slug, kind) == ("helper", Kind.WHATSAPP) else None

    async def by_id(self, channel_id: uuid.UUID) -> Account | None:
        return self.account if channel_id == self.account.id else None

    async def tell(self, channel_id: uuid.UUID, part_id: uuid.UUID, status: Status) -> bool:
        self.told.append((channel_id, part_id, status))
        return True

    def app(self, vendor_url: str = "https://api.twilio.com") -> ASGIApp:
        url_of = partial(public_url.of, base_url=self.base_url, hops=0)
        made = TwilioWebhooks(self, self.inbox, self.contacts, self, url_of, vendor_url)
        return Faults(Router(made.endpoints(), Nobody(), InternalSecret("x" * 20)))

    async def post(
        self,
        said: Mapping[str, str],
        target: str = PATH,
        *,
        signed_url: str | None = None,
        token: str | None = TOKEN,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a webhook, signed as Twilio does unless there is no token."""
        given = {"content-type": FORM, "host": "chat.example.com"}
        if token is not None:
            signature = signed_with(signed_url or BASE + target, list(said.items()), token)
            given["x-twilio-signature"] = signature
        given |= headers or {}
        sent = urlencode(said).encode() if body is None else body
        return await request(self.app(), "POST", target, headers=given, body=sent)


def said(body: str = "hello", sid: str = "SM" + "a" * 32, **more: str) -> dict[str, str]:
    """Give the parameters of a message."""
    to = {"From": ADA, "To": f"whatsapp:{NUMBER}", "NumMedia": "0"}
    return {"MessageSid": sid, "AccountSid": ACCOUNT, "Body": body, **to, **more}
