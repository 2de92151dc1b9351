"""The methods of the Bot API, by their lower-case names."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from aiohttp import web

from support.vendors.telegram import sending
from support.vendors.telegram.attachments import LARGEST_DOWNLOAD
from support.vendors.telegram.bot import Bot, Poll, Webhook
from support.vendors.telegram.refusals import (
    NEW_WEBHOOK,
    OTHER_POLLER,
    WEBHOOK_ACTIVE,
    Refused,
    bad,
)

if TYPE_CHECKING:
    from support.vendors.telegram.simulator import Telegram

Arguments: TypeAlias = dict[str, Any]
Method: TypeAlias = Callable[["Telegram", Bot, Arguments], Awaitable[Any]]

_LONGEST_POLL = 50
_CONFLICT_PAUSE = 3.0
_ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)


async def get_me(_: "Telegram", bot: Bot, __: Arguments) -> Any:
    return bot.me


async def get_updates(vendor: "Telegram", bot: Bot, arguments: Arguments) -> Any:
    """Answer at once if there is something, else wait; whoever waited before gets the 409."""
    if bot.webhook is not None:
        raise await _conflict(vendor, bot, WEBHOOK_ACTIVE)
    _allow(bot, arguments)
    offset = int(arguments.get("offset") or 0)
    limit = min(max(int(arguments.get("limit") or 100), 1), 100)
    ends = vendor.clock.now() + min(max(int(arguments.get("timeout") or 0), 0), _LONGEST_POLL)
    while not bot.is_revoked:
        updates, done = bot.queue.from_offset(offset, limit, vendor.clock.now())
        vendor.note_confirmed(bot, [update.id for update in done])
        if updates or vendor.clock.now() >= ends:
            return [update.wire() for update in updates]
        if conflict := await _waited(vendor, bot, offset, ends):
            raise await _conflict(vendor, bot, conflict)
    raise Refused(401, "Unauthorized")


async def _waited(vendor: "Telegram", bot: Bot, offset: int, ends: float) -> str | None:
    bot.wake(OTHER_POLLER)
    poll = Poll(offset, asyncio.get_running_loop().create_future())
    bot.poll = poll
    bot.polls += 1
    vendor.journal.add("fact", "poll_waits", str(bot.id), offset=offset, count=bot.polls)
    timer = vendor.spawn(vendor.clock.until(ends))
    try:
        await asyncio.wait({poll.end, timer}, return_when=asyncio.FIRST_COMPLETED)
        return poll.end.result() if poll.end.done() else None
    finally:
        timer.cancel()
        if bot.poll is poll:
            bot.poll = None


async def _conflict(vendor: "Telegram", bot: Bot, description: str) -> Refused:
    """A 409; a second one within three seconds is answered three seconds late."""
    now = vendor.clock.now()
    if now < bot.next_conflict:
        await vendor.clock.sleep(_CONFLICT_PAUSE)
    else:
        bot.next_conflict = now + _CONFLICT_PAUSE
    return Refused(409, description)


async def set_webhook(vendor: "Telegram", bot: Bot, arguments: Arguments) -> Any:
    url, secret = str(arguments.get("url", "")), str(arguments.get("secret_token", ""))
    if not url:
        return await delete_webhook(vendor, bot, arguments)
    if not url.startswith("https://") and not vendor.allows_http:
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if len(secret) > 256 or (not secret.replace("-", "").replace("_", "a").isalnum() and secret):
        raise bad("secret token contains unallowed characters")
    _allow(bot, arguments)
    _drop(bot, arguments)
    bot.wake(NEW_WEBHOOK)
    webhook = Webhook(url, secret, int(arguments.get("max_connections") or 40))
    vendor.use_webhook(bot, webhook)
    return True


async def delete_webhook(vendor: "Telegram", bot: Bot, arguments: Arguments) -> Any:
    _drop(bot, arguments)
    vendor.use_webhook(bot, None)
    return True


async def get_webhook_info(vendor: "Telegram", bot: Bot, _: Arguments) -> Any:
    info = {
        "url": bot.webhook.url if bot.webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": bot.queue.count(vendor.clock.now()),
    }
    if bot.webhook:
        info |= {"max_connections": bot.webhook.connections, "ip_address": "127.0.0.1"}
    if bot.webhook and bot.webhook_error:
        at, message = bot.webhook_error
        info |= {"last_error_date": int(at), "last_error_message": message}
    return {**info, **({"allowed_updates": sorted(bot.allowed)} if bot.allowed else {})}


async def send_message(vendor: "Telegram", bot: Bot, arguments: Arguments) -> Any:
    text = sending.checked_text(arguments)
    entities = sending.checked_entities(arguments, text, "entities")
    return vendor.send(
        bot, arguments, {"text": text, **({"entities": entities} if entities else {})}
    )


async def _send_file(vendor: "Telegram", bot: Bot, arguments: Arguments, kind: str) -> Any:
    caption = sending.checked_text(arguments, "caption")
    entities = sending.checked_entities(arguments, caption, "caption_entities")
    content = _attachment(vendor, arguments, kind)
    shown = {**content, **({"caption": caption} if caption else {})}
    return vendor.send(
        bot, arguments, {**shown, **({"caption_entities": entities} if entities else {})}
    )


async def send_photo(vendor: "Telegram", bot: Bot, arguments: Arguments) -> Any:
    return await _send_file(vendor, bot, arguments, "photo")


async def send_document(vendor: "Telegram", bot: Bot, arguments: Arguments) -> Any:
    return await _send_file(vendor, bot, arguments, "document")


async def send_voice(vendor: "Telegram", bot: Bot, arguments: Arguments) -> Any:
    return await _send_file(vendor, bot, arguments, "voice")


def _attachment(vendor: "Telegram", arguments: Arguments, kind: str) -> dict[str, Any]:
    sent = arguments.get(kind)
    if isinstance(sent, str) and sent.startswith("attach://"):
        sent = arguments.get(sent.removeprefix("attach://"))
    if isinstance(sent, str) and sent in vendor.files.contents:
        name, content = vendor.files.contents[sent]
    elif isinstance(sent, web.FileField):
        name, content = sent.filename, sent.file.read()
    else:
        raise bad(f"there is no {kind} in the request")
    if not content:
        raise bad("file must be non-empty")
    if kind == "photo":
        return vendor.files.photo(content)
    if kind == "voice":
        return vendor.files.voice(content)
    return vendor.files.document(content, name, "application/octet-stream")


async def send_chat_action(vendor: "Telegram", bot: Bot, arguments: Arguments) -> Any:
    chat = sending.reached(vendor.chats, bot, arguments)
    if arguments.get("action") not in _ACTIONS:
        raise bad("wrong parameter action in request")
    vendor.journal.add("fact", "typing", str(bot.id), chat_id=chat.id)
    return True


async def edit_message_text(vendor: "Telegram", bot: Bot, arguments: Arguments) -> Any:
    chat = sending.reached(vendor.chats, bot, arguments)
    return sending.edited(bot, chat, arguments, vendor.clock)


async def delete_message(vendor: "Telegram", bot: Bot, arguments: Arguments) -> Any:
    chat = sending.reached(vendor.chats, bot, arguments)
    if chat.messages.pop(int(arguments.get("message_id") or 0), None) is None:
        raise bad("message to delete not found")
    return True


async def answer_callback_query(vendor: "Telegram", _: Bot, arguments: Arguments) -> Any:
    if arguments.get("callback_query_id") not in vendor.callbacks:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    vendor.callbacks.discard(str(arguments["callback_query_id"]))
    return True


async def get_file(vendor: "Telegram", _: Bot, arguments: Arguments) -> Any:
    name = str(arguments.get("file_id", ""))
    if name not in vendor.files.contents:
        raise bad("wrong file_id or the file is temporarily unavailable")
    size = vendor.files.sizes[name]
    if size > LARGEST_DOWNLOAD:
        raise bad("file is too big")
    path, _content = vendor.files.contents[name]
    return {"file_id": name, "file_unique_id": name[-12:], "file_size": size, "file_path": path}


async def do_nothing(_: "Telegram", __: Bot, ___: Arguments) -> Any:
    return True


def _allow(bot: Bot, arguments: Arguments) -> None:
    asked = sending.parsed(arguments, "allowed_updates")
    if isinstance(asked, list):
        bot.allowed = frozenset(map(str, asked))


def _drop(bot: Bot, arguments: Arguments) -> None:
    if str(arguments.get("drop_pending_updates", "")).lower() in ("true", "1"):
        bot.queue.clear()


METHODS: dict[str, Method] = {
    name.replace("_", ""): method
    for name, method in {
        "get_me": get_me,
        "get_updates": get_updates,
        "set_webhook": set_webhook,
        "delete_webhook": delete_webhook,
        "get_webhook_info": get_webhook_info,
        "send_message": send_message,
        "send_photo": send_photo,
        "send_document": send_document,
        "send_voice": send_voice,
        "send_chat_action": send_chat_action,
        "edit_message_text": edit_message_text,
        "delete_message": delete_message,
        "answer_callback_query": answer_callback_query,
        "get_file": get_file,
        "set_my_commands": do_nothing,
        "delete_my_commands": do_nothing,
    }.items()
}
