"""What exists at Slack: apps, people, channels, files, and how events come of it."""

from typing import Any

from support.vendors.disorder import Disorder
from support.vendors.limits import Limit
from support.vendors.server import Simulator
from support.vendors.slack.app import App
from support.vendors.slack.channels import Channel, Kind
from support.vendors.slack.delivery import deliver

Message = dict[str, Any]


class World(Simulator):
    """State of one workspace."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.team = self.new_id("T")
        self.apps: dict[str, App] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.are_limits_kept = True
        self.posts = Limit(1, 1)
        self.disorder: Disorder[tuple[App, dict[str, Any]]] = Disorder()

    def add_app(self, name: str = "helper") -> App:
        """An installed app with tokens of its own."""
        user = self.add_person(name, is_bot=True)
        secret = f"{self.random.getrandbits(128):032x}"
        number = self.new_id("A")
        app = App(
            id=number,
            team=self.team,
            bot_user=user,
            bot_id=self.new_id("B"),
            name=name,
            bot_token=f"xoxb-{self.random.getrandbits(64)}-{secret[:24]}",
            app_token=f"xapp-1-{number}-{self.random.getrandbits(40)}-{secret * 2}",
            signing_secret=secret,
        )
        self.apps[app.id] = app
        return app

    def app(self, app: App | str) -> App:
        """An app by its id, for those who can only send JSON."""
        return self.apps[app] if isinstance(app, str) else app

    def add_person(self, name: str = "ada", *, is_bot: bool = False) -> str:
        number = self.new_id("U")
        profile = {"display_name": name, "real_name": name.title()}
        shown = {"id": number, "team_id": self.team, "name": name, "real_name": name.title()}
        self.users[number] = {**shown, "deleted": False, "is_bot": is_bot, "profile": profile}
        return number

    def add_channel(self, *members: str, name: str = "general", kind: Kind = "channel") -> str:
        number = self.new_id("C" if kind == "channel" else "G")
        self.channels[number] = Channel(number, kind, name, set(members))
        return number

    def direct(self, one: str, other: str) -> Channel:
        """The direct messages of two users."""
        for channel in self.channels.values():
            if channel.kind == "im" and channel.members == {one, other}:
                return channel
        number = self.new_id("D")
        self.channels[number] = Channel(number, "im", members={one, other})
        return self.channels[number]

    def post(self, channel: Channel, content: Message) -> Message:
        """Make a message and tell every app that sees it."""
        ts = channel.new_ts(self.clock.now())
        message = {"type": "message", "ts": ts, "team": self.team, **content}
        channel.messages[ts] = message
        kind = {"channel": channel.id, "channel_type": channel.kind, "event_ts": ts}
        for app in self._seeing(channel):
            self.tell(app, {**message, **kind})
            mentioned = f"<@{app.bot_user}>" in message.get("text", "")
            if mentioned and channel.kind != "im" and "bot_id" not in message:
                shown = {k: v for k, v in message.items() if k not in ("type", "subtype")}
                told = {"channel": channel.id, "event_ts": ts}
                self.tell(app, {"type": "app_mention", **shown, **told})
        return message

    def change(self, channel: Channel, ts: str, subtype: str, new: Message | None) -> None:
        """Edit or delete a message and tell everyone who sees it."""
        old = channel.messages.pop(ts)
        event_ts = channel.new_ts(self.clock.now())
        event: Message = {
            "type": "message",
            "subtype": subtype,
            "hidden": True,
            "channel": channel.id,
            "channel_type": channel.kind,
            "ts": event_ts,
            "event_ts": event_ts,
            "previous_message": old,
        }
        if new is None:
            event["deleted_ts"] = ts
        else:
            channel.messages[ts] = event["message"] = new
        for app in self._seeing(channel):
            self.tell(app, event)

    def tell(self, app: App, event: Message) -> None:
        """Let an app know of something."""
        payload = app.envelope(self.new_id("Ev"), int(self.clock.now()), event)
        self.journal.add("fact", "event_created", app.id, **payload)
        for whose, what in self.disorder.passed((app, payload)):
            self.background(deliver(self, whose, what))

    def new_id(self, prefix: str) -> str:
        letters = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
        return prefix + "0" + "".join(self.random.choices(letters, k=9))

    def _seeing(self, channel: Channel) -> list[App]:
        return [app for app in self.apps.values() if app.bot_user in channel.members]
