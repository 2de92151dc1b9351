"""Slack as a kind of channel."""

from collections.abc import Mapping

from polyant_engine.channels.model import Account, Attachment, Json, Kind
from polyant_engine.channels.ports import Intake, Renderer
from polyant_engine.channels.slack import files
from polyant_engine.channels.slack.adapter import SlackAdapter
from polyant_engine.channels.slack.api import VENDOR, WebApi
from polyant_engine.channels.slack.configuration import app_id, check_names
from polyant_engine.channels.slack.rendering import SlackRenderer
from polyant_engine.core.clock import Clock
from polyant_engine.core.egress import Egress


class SlackVendor:
    """Makes the adapters of apps."""

    kind: Kind = Kind.SLACK
    renderer: Renderer = SlackRenderer()

    def __init__(self, egress: Egress, clock: Clock, base_url: str = VENDOR) -> None:
        self._api = WebApi(egress, base_url.rstrip("/"))
        self._clock = clock

    def account_name(self, settings: Json, secrets: Mapping[str, str]) -> str:
        """Return the app's id, if settings and secrets can be right."""
        check_names(settings)
        return app_id(settings, secrets)

    def preload(self) -> None:
        """Import what only rare messages need."""
        import regex  # noqa: F401

    def make(self, account: Account, intake: Intake) -> SlackAdapter:
        """Build an adapter."""
        return SlackAdapter(account, self._api, intake, self._clock)

    async def fetch(self, account: Account, attachment: Attachment, limit: int) -> bytes | None:
        """Return a file."""
        token = account.secrets["botToken"].strip()
        return await files.fetch(self._api, token, attachment, limit)
