"""What people do in Slack, as tests let them: write, mention, edit, delete, share, press, command."""

import json
import secrets
from typing import Any

from support.vendors.slack.app import App
from support.vendors.slack.delivery import deliver, signed
from support.vendors.slack.world import World

Message = dict[str, Any]


class People(World):
    """The side of the vendor that apps never see."""

    def say(self, user: str, channel: str, text: str, **more: Any) -> Message:
        """Write into a channel; `thread_ts` replies, `files` shares."""
        content = {"user": user, "text": text, "client_msg_id": _uuid(self), **more}
        block = {"type": "text", "text": text}
        section = {"type": "rich_text_section", "elements": [block]}
        content["blocks"] = [{"type": "rich_text", "block_id": "b1", "elements": [section]}]
        return self.post(self.channels[channel], content)

    def write_to(self, app: App | str, user: str, text: str, **more: Any) -> Message:
        """Write to an app directly."""
        return self.say(user, self.direct(user, self.app(app).bot_user).id, text, **more)

    def share(
        self, user: str, channel: str, content: bytes | str, *, name: str = "a.txt", text: str = ""
    ) -> Message:
        """Share a file."""
        data = content.encode() if isinstance(content, str) else content
        file = self.keep_file(user, name, data)
        return self.say(user, channel, text, subtype="file_share", files=[file], upload=False)

    def edit(self, channel: str, ts: str, text: str) -> None:
        place = self.channels[channel]
        old = place.messages[ts]
        edited = {"user": old.get("user", ""), "ts": place.new_ts(self.clock.now())}
        self.change(place, ts, "message_changed", {**old, "text": text, "edited": edited})

    def delete(self, channel: str, ts: str) -> None:
        self.change(self.channels[channel], ts, "message_deleted", None)

    def press(self, app: App | str, user: str, channel: str, action: str, value: str = "") -> None:
        """Press a button of a message; by socket only."""
        pressed = {"action_id": action, "type": "button", "value": value}
        who = {"user": {"id": user}, "channel": {"id": channel}, "team": {"id": self.team}}
        payload = {"type": "block_actions", "actions": [pressed], **who}
        self.background(deliver(self, self.app(app), payload, "interactive"))

    def command(
        self, app: App | str, user: str, channel: str, command: str, text: str = ""
    ) -> None:
        """Enter a slash command; by socket only."""
        payload = {"command": command, "text": text, "user_id": user, "channel_id": channel}
        payload |= {"team_id": self.team, "api_app_id": self.app(app).id}
        self.background(deliver(self, self.app(app), payload, "slash_commands"))

    def keep_file(self, user: str, name: str, content: bytes) -> dict[str, Any]:
        number = self.new_id("F")
        self.contents[number] = content
        url = f"{self.url}/files-pri/{self.team}-{number}/{name}"
        types = {"png": "image/png", "pdf": "application/pdf", "txt": "text/plain"}
        ending = name.rpartition(".")[2]
        self.files[number] = {
            "id": number,
            "name": name,
            "title": name,
            "mimetype": types.get(ending, "application/octet-stream"),
            "filetype": ending,
            "size": len(content),
            "user": user,
            "mode": "hosted",
            "is_external": False,
            "url_private": url,
            "url_private_download": url.replace(f"{number}/", f"{number}/download/"),
        }
        return self.files[number]

    def again(self, event_id: str) -> None:
        """Deliver an event once more that was delivered before, as if it were new."""
        found = self.journal.find("event_created")
        entry = next(each for each in found if each.data["event_id"] == event_id)
        self.background(deliver(self, self.apps[entry.account], dict(entry.data)))

    def kill_token(self, app: App | str, kind: str = "bot", error: str = "token_revoked") -> None:
        """Make a token worthless: token_revoked, account_inactive or invalid_auth."""
        whose = self.app(app)
        whose.dead_tokens[whose.app_token if kind == "app" else whose.bot_token] = error

    async def use_events_url(self, app: App | str, url: str) -> None:
        """Switch an app to HTTP after the handshake that the vendor makes; raises if it fails."""
        whose, challenge = self.app(app), secrets.token_urlsafe(32)
        asked = {"token": "legacy", "challenge": challenge, "type": "url_verification"}
        body = json.dumps(asked).encode()
        request = {"url": url, "data": body, "headers": signed(whose.signing_secret, body)}
        answer = await self.call_out("url_verification", whose.id, request, seconds=3)
        if not answer.ok or challenge not in answer.body:
            raise ValueError(f"the URL did not return the challenge: {answer}")
        whose.events_url = url


def _uuid(world: World) -> str:
    hexa = f"{world.random.getrandbits(128):032x}"
    return "-".join((hexa[:8], hexa[8:12], hexa[12:16], hexa[16:20], hexa[20:]))
