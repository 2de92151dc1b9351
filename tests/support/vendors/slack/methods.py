"""The methods of the Web API, by name."""

from collections.abc import Awaitable, Callable
from math import ceil
from typing import TYPE_CHECKING, Any, TypeAlias

from support.vendors.slack.app import App
from support.vendors.slack.channels import Channel
from support.vendors.slack.content import checked_blocks, parsed
from support.vendors.slack.refusals import Refused

if TYPE_CHECKING:
    from support.vendors.slack.simulator import Slack

Arguments: TypeAlias = dict[str, Any]
Method: TypeAlias = Callable[["Slack", App, Arguments], Awaitable[dict[str, Any]]]
LONGEST_TEXT = 40_000
READS = frozenset({"conversations.info", "conversations.replies", "users.info", "files.info"})


async def auth_test(vendor: "Slack", app: App, _: Arguments) -> dict[str, Any]:
    return {
        "url": f"{vendor.url}/",
        "team": "Workspace",
        "user": app.name,
        "team_id": app.team,
        "user_id": app.bot_user,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


async def connections_open(vendor: "Slack", app: App, _: Arguments) -> dict[str, Any]:
    return {"url": vendor.new_ticket(app)}


async def post_message(vendor: "Slack", app: App, arguments: Arguments) -> dict[str, Any]:
    """Post; a user's id means the direct messages with them."""
    channel = _channel(vendor, app, arguments, opens=True)
    content = _content(arguments)
    content["text"] = content["text"][:LONGEST_TEXT]
    thread = arguments.get("thread_ts")
    if thread and thread not in channel.messages:
        raise Refused("thread_not_found")
    _limited(vendor, (app.id, channel.id))
    sender = {
        "user": app.bot_user,
        "bot_id": app.bot_id,
        "app_id": app.id,
        "bot_profile": {"id": app.bot_id, "app_id": app.id, "name": app.name},
    }
    kept = {k: arguments[k] for k in ("client_msg_id", "thread_ts") if arguments.get(k)}
    message = vendor.post(channel, {**sender, **content, **kept})
    vendor.journal.add("fact", "message_sent", app.id, channel=channel.id, message=message)
    return {"channel": channel.id, "ts": message["ts"], "message": message}


async def update(vendor: "Slack", app: App, arguments: Arguments) -> dict[str, Any]:
    channel = _channel(vendor, app, arguments)
    old = _own(app, channel, str(arguments.get("ts", "")))
    content = _content(arguments)
    if len(content["text"]) > LONGEST_TEXT:
        raise Refused("msg_too_long")
    edited = {"user": app.bot_user, "ts": f"{vendor.clock.now():.6f}"}
    new = {**old, **content, "edited": edited}
    vendor.change(channel, old["ts"], "message_changed", new)
    return {"channel": channel.id, "ts": old["ts"], "text": new["text"], "message": new}


async def delete(vendor: "Slack", app: App, arguments: Arguments) -> dict[str, Any]:
    channel = _channel(vendor, app, arguments)
    old = _own(app, channel, str(arguments.get("ts", "")))
    vendor.change(channel, old["ts"], "message_deleted", None)
    return {"channel": channel.id, "ts": old["ts"]}


async def conversations_info(vendor: "Slack", app: App, arguments: Arguments) -> dict[str, Any]:
    return {"channel": _channel(vendor, app, arguments, member=False).wire(app.bot_user)}


async def conversations_replies(vendor: "Slack", app: App, arguments: Arguments) -> dict[str, Any]:
    thread = _channel(vendor, app, arguments).thread(str(arguments.get("ts", "")))
    if not thread:
        raise Refused("thread_not_found")
    return {"messages": thread, "has_more": False}


async def conversations_open(vendor: "Slack", app: App, arguments: Arguments) -> dict[str, Any]:
    users = str(arguments.get("users", "")).split(",")
    if any(user not in vendor.users for user in users):
        raise Refused("user_not_found")
    return {"channel": {"id": vendor.direct(users[0], app.bot_user).id}}


async def users_info(vendor: "Slack", _: App, arguments: Arguments) -> dict[str, Any]:
    user = vendor.users.get(str(arguments.get("user", "")))
    if user is None:
        raise Refused("user_not_found")
    return {"user": user}


async def files_info(vendor: "Slack", _: App, arguments: Arguments) -> dict[str, Any]:
    return {"file": _file(vendor, arguments.get("file"))}


async def files_upload_url(vendor: "Slack", app: App, arguments: Arguments) -> dict[str, Any]:
    if not arguments.get("filename") or not int(arguments.get("length") or 0):
        raise Refused("invalid_arguments")
    file = vendor.keep_file(app.bot_user, str(arguments["filename"]), b"")
    return {"upload_url": f"{vendor.url}/upload/v1/{file['id']}", "file_id": file["id"]}


async def files_complete(vendor: "Slack", app: App, arguments: Arguments) -> dict[str, Any]:
    asked = parsed(arguments.get("files")) or []
    files = [_file(vendor, one.get("id")) for one in asked]
    if any(not vendor.contents[file["id"]] for file in files):
        raise Refused("file_not_found")
    if target := arguments.get("channel_id"):
        channel = _channel(vendor, app, {"channel": target})
        sender = {"user": app.bot_user, "bot_id": app.bot_id, "subtype": "file_share"}
        thread = {"thread_ts": arguments["thread_ts"]} if arguments.get("thread_ts") else {}
        text = str(arguments.get("initial_comment") or "")
        message = vendor.post(channel, {**sender, **thread, "text": text, "files": files})
        vendor.journal.add("fact", "message_sent", app.id, channel=channel.id, message=message)
    return {"files": files}


async def reactions_add(vendor: "Slack", app: App, arguments: Arguments) -> dict[str, Any]:
    channel = _channel(vendor, app, arguments)
    message = channel.messages.get(str(arguments.get("timestamp", "")))
    if message is None:
        raise Refused("message_not_found")
    reactions = message.setdefault("reactions", {})
    given = reactions.setdefault(str(arguments.get("name", "")), [])
    if app.bot_user in given:
        raise Refused("already_reacted")
    given.append(app.bot_user)
    return {}


async def set_status(vendor: "Slack", app: App, arguments: Arguments) -> dict[str, Any]:
    channel = _channel(vendor, app, {"channel": arguments.get("channel_id")})
    status, thread = arguments.get("status"), arguments.get("thread_ts")
    vendor.journal.add(
        "fact", "status_set", app.id, channel=channel.id, thread_ts=thread, status=status
    )
    return {}


async def unknown(_: "Slack", __: App, ___: Arguments) -> dict[str, Any]:
    raise Refused("unknown_method")


def _channel(
    vendor: "Slack", app: App, arguments: Arguments, *, member: bool = True, opens: bool = False
) -> Channel:
    name = str(arguments.get("channel") or "")
    channel = vendor.channels.get(name)
    if opens and name in vendor.users:
        channel = vendor.direct(name, app.bot_user)
    hidden = channel and channel.kind != "channel" and app.bot_user not in channel.members
    if channel is None or hidden:
        raise Refused("channel_not_found")
    if member and app.bot_user not in channel.members:
        raise Refused("not_in_channel")
    if member and channel.is_archived:
        raise Refused("is_archived")
    return channel


def _content(arguments: Arguments) -> dict[str, Any]:
    text = str(arguments.get("text") or "")
    blocks = checked_blocks(arguments.get("blocks"))
    if not text and not blocks and not arguments.get("attachments"):
        raise Refused("no_text")
    return {"text": text, **({"blocks": blocks} if blocks else {})}


def _own(app: App, channel: Channel, ts: str) -> dict[str, Any]:
    message = channel.messages.get(ts)
    if message is None:
        raise Refused("message_not_found")
    if message.get("bot_id") != app.bot_id:
        raise Refused("cant_update_message")
    return message


def _file(vendor: "Slack", name: Any) -> dict[str, Any]:
    if name not in vendor.files:
        raise Refused("file_not_found")
    return vendor.files[str(name)]


def _limited(vendor: "Slack", key: object) -> None:
    now = vendor.clock.now()
    if vendor.are_limits_kept and (wait := vendor.posts.wait(key, now)):
        raise Refused("ratelimited", retry_after=ceil(wait))
    vendor.posts.take(key, now)


METHODS: dict[str, Method] = {
    "auth.test": auth_test,
    "apps.connections.open": connections_open,
    "chat.postMessage": post_message,
    "chat.update": update,
    "chat.delete": delete,
    "conversations.info": conversations_info,
    "conversations.replies": conversations_replies,
    "conversations.open": conversations_open,
    "users.info": users_info,
    "files.info": files_info,
    "files.getUploadURLExternal": files_upload_url,
    "files.completeUploadExternal": files_complete,
    "reactions.add": reactions_add,
    "assistant.threads.setStatus": set_status,
}
