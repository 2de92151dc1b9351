"""What people do: write, send media, say STOP, read. And what Twilio tells the customer of it."""

import json
import re
from collections.abc import Iterable
from typing import Any

from support.vendors.server import Answer
from support.vendors.twilio.account import START_WORDS, STOP_WORDS, Account, Address
from support.vendors.twilio.signature import signature, with_body_hash
from support.vendors.twilio.webhook import post_with_fallback
from support.vendors.twilio.world import World

MOST_REPLIES = 10
_REPLY = re.compile(r"<Message[^>]*>(?:\s*<Body>)?([^<]*)")
_STOPPED = "You have successfully been unsubscribed. Reply START to resubscribe."
_STARTED = "You have successfully been re-subscribed to messages from this number."


class People(World):
    """The side of the vendor that customers' code never sees."""

    async def say(
        self,
        account: Account | str,
        person: str,
        to: str,
        body: str = "",
        *,
        media: Iterable[tuple[str, bytes | str]] = (),
    ) -> str:
        """Write to one of the account's addresses; gives the MessageSid when the webhook is over.

        `media` holds pairs of content type and content.
        """
        whose, carried = self.account(account), list(media)
        sid = self.new_sid("MM" if carried else "SM")
        address = whose.addresses[to]
        address.heard[person] = self.clock.now()
        self._opt(whose, address, person, body)
        parameters = _inbound(whose.sid, sid, person, address, body)
        parameters |= self._media(whose.sid, sid, carried)
        await self.deliver(whose, address, parameters)
        return sid

    async def deliver(
        self, account: Account | str, address: Address | str, parameters: dict[str, str]
    ) -> Answer | None:
        """Send an inbound message, perhaps one that was sent before."""
        whose = self.account(account)
        where = whose.addresses[address] if isinstance(address, str) else address
        told: dict[str, Any] = dict(parameters)
        self.journal.add("fact", "message_received", whose.sid, **told)
        if not where.webhook:
            return None
        urls = (where.webhook, where.fallback)
        answer = await post_with_fallback(self, whose, urls, parameters)
        replies = _REPLY.findall(answer.body) if answer.ok else []
        for reply in replies[:MOST_REPLIES]:
            asked = {"From": where.name, "To": parameters["From"], "Body": reply}
            self.create(whose, asked, [])
        return answer

    async def again(self, account: Account | str, sid: str) -> None:
        """Send an inbound message a second time, with everything as it was but the token."""
        found = self.journal.find("message_received", account=self.account(account).sid)
        told = next(e.data for e in found if e.data["MessageSid"] == sid)
        await self.deliver(account, told["To"], dict(told))

    async def read(self, sid: str) -> None:
        """Let the recipient read a WhatsApp message."""
        await self.move(sid, "read")

    async def send_json(self, account: Account | str, url: str, payload: dict[str, Any]) -> Answer:
        """Send a webhook with a JSON body, signed by way of its hash."""
        whose, body = self.account(account), json.dumps(payload).encode()
        full = with_body_hash(url, body)
        headers = {"X-Twilio-Signature": signature(whose.token, full, {})}
        headers["Content-Type"] = "application/json"
        request = {"url": full, "data": body, "headers": headers}
        return await self.call_out("json", whose.sid, request)

    def revoke(self, account: Account | str, sid: str = "") -> None:
        """Make the account's token, or one of its API keys, worthless."""
        whose = self.account(account)
        whose.dead.add(sid or whose.sid)

    def set_fate(self, to: str, statuses: list[str], error: int = 0) -> None:
        """Let messages to a number end otherwise: `["undelivered"], 30003`."""
        self.fates[to] = (statuses, error)

    def sent(self, account: Account | str) -> list[dict[str, Any]]:
        """Every message of an account, whether or not the customer knows."""
        found = self.journal.find("message_sent", account=self.account(account).sid)
        return [entry.data for entry in found]

    def _opt(self, account: Account, address: Address, person: str, body: str) -> None:
        word = body.strip().upper()
        if address.is_whatsapp or word not in STOP_WORDS | START_WORDS:
            return
        stops = word in STOP_WORDS
        (address.opted_out.add if stops else address.opted_out.discard)(person)
        reply = _STOPPED if stops else _STARTED
        self.journal.add("fact", "vendor_replied", account.sid, to=person, body=reply)

    def _media(
        self, account: str, sid: str, media: list[tuple[str, bytes | str]]
    ) -> dict[str, str]:
        told: dict[str, str] = {}
        for number, (kind, content) in enumerate(media):
            name = self.new_sid("ME")
            self.media[name] = (kind, content.encode() if isinstance(content, str) else content)
            path = f"/2010-04-01/Accounts/{account}/Messages/{sid}/Media/{name}"
            told |= {f"MediaUrl{number}": self.url + path, f"MediaContentType{number}": kind}
        return {**told, "NumMedia": str(len(media))}


def _inbound(account: str, sid: str, person: str, address: Address, body: str) -> dict[str, str]:
    told = {
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "MessageSid": sid,
        "SmsStatus": "received",
        "AccountSid": account,
        "ApiVersion": "2010-04-01",
        "From": person,
        "To": address.name,
        "Body": body,
        "NumSegments": "1",
    }
    if address.is_whatsapp:
        number = person.partition(":")[2].removeprefix("+")
        return {**told, "ProfileName": "Ada", "WaId": number, "MessageType": "text"}
    places = ("City", "State", "Zip", "Country")
    return {**told, **{f"{side}{place}": "" for side in ("From", "To") for place in places}}
