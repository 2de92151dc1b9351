"""Twilio on this machine, for SMS and WhatsApp: `async with Twilio() as twilio: ...`.

account = twilio.add_account()
twilio.add_address(account, "whatsapp:+15550001111", webhook="http://.../webhook")
await twilio.say(account, "whatsapp:+491701234567", "whatsapp:+15550001111", "hello")
twilio.sent(account)                     # the messages the account sent, oldest first
"""

import base64
import binascii
import secrets
from collections.abc import Callable, Iterable
from math import ceil
from typing import Any

from aiohttp import web
from typing_extensions import override

from support.vendors.twilio.account import Account
from support.vendors.twilio.people import People
from support.vendors.twilio.refusals import Refused

_MESSAGES = "/2010-04-01/Accounts/{account}/Messages"
_OPERATIONS = {
    "Messages.json": "messages.create",
    "Typing.json": "typing",
}


class Twilio(People):
    """The vendor."""

    def __init__(self, *, protects_media: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.protects_media = protects_media
        self._stored: dict[str, str] = {}

    @override
    def routes(self) -> Iterable[web.RouteDef]:
        media = _MESSAGES + "/{message}/Media/{media}"
        return [
            web.post(_MESSAGES + ".json", self._create),
            web.get(_MESSAGES + ".json", self._list),
            web.get(_MESSAGES + "/{message}.json", self._fetch),
            web.get(media, self._redirect),
            web.delete(media, self._forget),
            web.get("/_media/{ticket}", self._download),
            web.post("/v2/Indicators/Typing.json", self._typing),
            web.get("/v1/Content/{content}", self._content),
        ]

    @override
    def operation(self, request: web.Request) -> tuple[str, str]:
        name = _OPERATIONS.get(request.path.rpartition("/")[2])
        if request.method == "GET" and name == "messages.create":
            name = "messages.list"
        kind = "media" if "edia/" in request.path else "messages.fetch"
        return name or kind, request.match_info.get("account", "")

    @override
    def actions(self) -> dict[str, Callable[..., Any]]:
        plain = (self.say, self.again, self.read, self.revoke, self.set_fate, self.sent)
        return {
            **super().actions(),
            **{each.__name__: each for each in plain},
            "add_account": self.add_account,
            "add_key": self.add_key,
            "add_address": self.add_address,
            "add_template": self.add_template,
            "disorder": self.disorder.arm,
        }

    async def _create(self, request: web.Request) -> web.Response:
        try:
            account = self._authorized(request)
            self._limited(account)
            form = await request.post()
            asked = {name: str(value) for name, value in form.items()}
            message = self.create(account, asked, [str(url) for url in form.getall("MediaUrl", [])])
        except Refused as refused:
            return _refusal(refused)
        return web.json_response(message.wire(), status=201)

    async def _list(self, request: web.Request) -> web.Response:
        """The first page; there is no second one here."""
        try:
            account = self._authorized(request)
        except Refused as refused:
            return _refusal(refused)
        size = int(request.query.get("PageSize", "50"))
        found = [each for each in self.messages.values() if each.account == account.sid]
        page = [message.wire() for message in found[::-1][:size]]
        return web.json_response({"messages": page, "page": 0, "page_size": size})

    async def _fetch(self, request: web.Request) -> web.Response:
        try:
            account = self._authorized(request)
        except Refused as refused:
            return _refusal(refused)
        message = self.messages.get(request.match_info["message"])
        if message is None or message.account != account.sid:
            return _refusal(Refused(404, 20404, "The requested resource was not found"))
        return web.json_response(message.wire())

    async def _redirect(self, request: web.Request) -> web.Response:
        """Media lies elsewhere: another host, and a URL that is good for itself."""
        try:
            if self.protects_media:
                self._authorized(request)
        except Refused as refused:
            return _refusal(refused)
        if request.match_info["media"] not in self.media:
            return _refusal(Refused(404, 20404, "The requested resource was not found"))
        ticket = secrets.token_urlsafe(16)
        self._stored[ticket] = request.match_info["media"]
        place = self.url.replace("127.0.0.1", "localhost")
        return web.Response(status=307, headers={"Location": f"{place}/_media/{ticket}"})

    async def _download(self, request: web.Request) -> web.Response:
        if "Authorization" in request.headers:
            # The object store wants one kind of authorization, and the URL is signed already.
            text = "<Error><Code>InvalidArgument</Code></Error>"
            return web.Response(status=400, text=text, content_type="application/xml")
        name = self._stored.get(request.match_info["ticket"], "")
        if name not in self.media:
            return web.Response(status=404)
        kind, content = self.media[name]
        return web.Response(body=content, content_type=kind)

    async def _forget(self, request: web.Request) -> web.Response:
        try:
            self._authorized(request)
        except Refused as refused:
            return _refusal(refused)
        self.media.pop(request.match_info["media"], None)
        return web.Response(status=204)

    async def _typing(self, request: web.Request) -> web.Response:
        try:
            account = self._authorized(request)
        except Refused as refused:
            return _refusal(refused)
        message = (await request.post()).get("messageId")
        self.journal.add("fact", "typing", account.sid, message=message)
        return web.json_response({"success": True})

    async def _content(self, request: web.Request) -> web.Response:
        try:
            account = self._authorized(request)
        except Refused as refused:
            return _refusal(refused)
        sid = request.match_info["content"]
        if sid not in account.templates:
            return _refusal(Refused(404, 20404, "The requested resource was not found"))
        types = {"twilio/text": {"body": account.templates[sid]}}
        return web.json_response({"sid": sid, "account_sid": account.sid, "types": types})

    def _authorized(self, request: web.Request) -> Account:
        user, password = _basic(request.headers.get("Authorization", ""))
        asked = request.match_info.get("account", "")
        for account in self.accounts.values():
            if account.knows(user, password) and asked in ("", account.sid):
                return account
        raise Refused(401, 20003, "Authenticate")

    def _limited(self, account: Account) -> None:
        now = self.clock.now()
        if wait := self.requests.wait(account.sid, now):
            raise Refused(429, 20429, f"Too Many Requests, wait {ceil(wait)} s")
        self.requests.take(account.sid, now)


def _refusal(refused: Refused) -> web.Response:
    return web.json_response(refused.wire(), status=refused.status)


def _basic(header: str) -> tuple[str, str]:
    try:
        plain = base64.b64decode(header.removeprefix("Basic ")).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    user, _, password = plain.partition(":")
    return user, password
