"""Telegram's Bot API on this machine: `async with Telegram() as telegram: ...`.

    bot, ada = telegram.add_bot(), telegram.add_person("Ada")
    telegram.say(bot, ada, "hello")          # an update for whoever polls or has a webhook
    telegram.sent(bot)                       # the messages the bot sent, oldest first

With aiogram: `AiohttpSession(api=TelegramAPIServer.from_base(telegram.url))`.
"""

from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web
from typing_extensions import override

from support.vendors.telegram import sending
from support.vendors.telegram.bot import Bot
from support.vendors.telegram.methods import METHODS
from support.vendors.telegram.people import People
from support.vendors.telegram.refusals import Refused


class Telegram(People):
    """The vendor."""

    def __init__(self, *, allows_http: bool = True, **options: Any) -> None:
        super().__init__(**options)
        # Webhooks over plain HTTP and on any port, as the vendor's own server has it with --local.
        self.allows_http = allows_http
        self.limits = sending.Limits()

    @override
    def routes(self) -> Iterable[web.RouteDef]:
        return [
            web.route("*", "/bot{token}/{method}", self._call),
            web.get("/file/bot{token}/{path:.+}", self._download),
        ]

    @override
    def operation(self, request: web.Request) -> tuple[str, str]:
        account = request.match_info.get("token", "").partition(":")[0]
        return request.match_info.get("method", "file"), account

    @override
    def actions(self) -> dict[str, Callable[..., Any]]:
        """What the remote control may do."""
        people = (self.add_person, self.say, self.send_kind, self.edit, self.delete, self.press)
        others = (self.block, self.upgrade, self.revoke, self.bring_back, self.sent)
        actions = super().actions() | {each.__name__: each for each in (*people, *others)}
        actions |= {"add_bot": self._add_bot, "add_group": self._group}
        return actions | {"set_limits": self._set_limits}

    def revoke(self, bot: Bot | str) -> None:
        """Make a token worthless, as the owner does at BotFather."""
        self.bot(bot).is_revoked = True
        self.bot(bot).wake()

    def bring_back(self, bot: Bot | str, count: int = 1) -> None:
        """Let the vendor forget the last confirmations: the same updates are given again."""
        self.bot(bot).queue.bring_back(count)
        self.look(self.bot(bot))

    def send(self, bot: Bot, arguments: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
        """Carry out a bot's sending of anything."""
        chat = sending.reached(self.chats, bot, arguments)
        more = {**sending.thread_of(chat, arguments), **sending.reply_of(chat, arguments)}
        if markup := sending.parsed(arguments, "reply_markup"):
            more["reply_markup"] = markup
        self.limits.check(bot, chat, self.clock.now())
        message = self.post(chat, bot.user, {**content, **more})
        chat.last_bot = bot.id
        self.journal.add("fact", "message_sent", str(bot.id), **message)
        return message

    def sent(self, bot: Bot | str) -> list[dict[str, Any]]:
        """Every message a bot sent, as it was when it was sent, whether or not its sender knows."""
        account = str(self.bot(bot).id)
        return [entry.data for entry in self.journal.find("message_sent", account=account)]

    async def _call(self, request: web.Request) -> web.Response:
        try:
            result = await self._result(request)
        except Refused as refused:
            headers = {}
            if "retry_after" in refused.parameters:
                headers["Retry-After"] = str(refused.parameters["retry_after"])
            return web.json_response(refused.wire(), status=refused.code, headers=headers)
        except (ValueError, KeyError, TypeError) as error:
            wrong = Refused(400, f"Bad Request: {type(error).__name__}")
            return web.json_response(wrong.wire(), status=400)
        return web.json_response({"ok": True, "result": result})

    async def _result(self, request: web.Request) -> Any:
        bot = self._authorized(request.match_info["token"])
        method = METHODS.get(request.match_info["method"].lower())
        if method is None:
            raise Refused(404, "Not Found: method not found")
        return await method(self, bot, await _arguments(request))

    def _authorized(self, token: str) -> Bot:
        number, _, rest = token.partition(":")
        if not number.isdigit() or not rest:
            raise Refused(404, "Not Found")
        bot = self.bots.get(token)
        if bot is None or bot.is_revoked:
            raise Refused(401, "Unauthorized")
        return bot

    async def _download(self, request: web.Request) -> web.Response:
        try:
            self._authorized(request.match_info["token"])
        except Refused as refused:
            return web.json_response(refused.wire(), status=refused.code)
        for path, content in self.files.contents.values():
            if path == request.match_info["path"]:
                return web.Response(body=content, content_type="application/octet-stream")
        missing = Refused(404, "Not Found: file not found")
        return web.json_response(missing.wire(), status=404)

    def _set_limits(self, *, kept: bool) -> None:
        self.limits.are_kept = kept

    def _add_bot(self, **arguments: Any) -> dict[str, Any]:
        bot = self.add_bot(**arguments)
        return {"id": bot.id, "token": bot.token, "username": bot.username}

    def _group(self, bots: list[str], **arguments: Any) -> int:
        return self.add_group([self.bot(token) for token in bots], **arguments)


async def _arguments(request: web.Request) -> dict[str, Any]:
    """Parameters by any of the vendor's four ways."""
    arguments: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json" and await request.read():
        return {**arguments, **await request.json()}
    if request.method == "POST":
        arguments |= dict(await request.post())
    return arguments
