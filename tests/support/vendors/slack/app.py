"""An app in a workspace: its tokens, its bot user, how it hears of events."""

from dataclasses import dataclass, field
from typing import Any

from support.vendors.slack.socket import Socket


@dataclass
class App:
    """One installation of one app."""

    id: str
    team: str
    bot_user: str
    bot_id: str
    name: str
    bot_token: str
    app_token: str
    signing_secret: str
    events_url: str = ""  # empty = Socket Mode
    # Tokens that are no good any more, and what is said about them.
    dead_tokens: dict[str, str] = field(default_factory=dict)
    sockets: list[Socket] = field(default_factory=list)

    def refusal(self, token: str) -> str:
        return self.dead_tokens.get(token, "")

    def envelope(self, event_id: str, at: int, event: dict[str, Any]) -> dict[str, Any]:
        """The outer event of the Events API."""
        installed = {
            "enterprise_id": None,
            "team_id": self.team,
            "user_id": self.bot_user,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        return {
            "token": "legacy-verification-token",
            "team_id": self.team,
            "api_app_id": self.id,
            "event": event,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": at,
            "authorizations": [installed],
            "is_ext_shared_channel": False,
            "event_context": f"4-{event_id}",
        }
