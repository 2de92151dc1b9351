"""Telegram as a kind of channel."""

from collections.abc import Mapping

from polyant_engine.channels.model import Account, Attachment, Json, Kind
from polyant_engine.channels.ports import Intake, Renderer
from polyant_engine.channels.telegram.adapter import TelegramAdapter
from polyant_engine.channels.telegram.api import VENDOR, BotApi, BotApiError, Refused
from polyant_engine.channels.telegram.configuration import bot_id, configuration
from polyant_engine.channels.telegram.rendering import TelegramRenderer
from polyant_engine.core.clock import Clock
from polyant_engine.core.egress import Egress
from polyant_engine.core.errors import UpstreamFailed


class TelegramVendor:
    """Makes the adapters of bots."""

    kind: Kind = Kind.TELEGRAM
    renderer: Renderer = TelegramRenderer()

    def __init__(self, egress: Egress, clock: Clock, base_url: str = VENDOR) -> None:
        self._egress, self._clock, self._base_url = egress, clock, base_url.rstrip("/")

    def account_name(self, settings: Json, secrets: Mapping[str, str]) -> str:
        """Return the bot's id, if settings and token can be right."""
        configuration(settings)
        return bot_id(secrets)

    def preload(self) -> None:
        """Import what only rare messages need."""
        import regex  # noqa: F401

    def make(self, account: Account, intake: Intake) -> TelegramAdapter:
        """Build an adapter."""
        return TelegramAdapter(account, self._api(account), intake, self._clock)

    async def fetch(self, account: Account, attachment: Attachment, limit: int) -> bytes | None:
        """Return a file; the vendor gives none beyond 20 MB."""
        try:
            return await _fetched(self._api(account), attachment.reference, limit)
        except Refused as refused:
            if refused.code == 400:  # noqa: PLR2004  gone, or too big for the vendor
                return None
            raise UpstreamFailed("Telegram refused to give a file.") from refused
        except BotApiError as failed:
            raise UpstreamFailed("A file could not be fetched from Telegram.") from failed

    def _api(self, account: Account) -> BotApi:
        return BotApi(self._egress, self._base_url, account.secrets["botToken"].strip())


async def _fetched(api: BotApi, reference: str, limit: int) -> bytes | None:
    found = await api.call("getFile", {"file_id": reference})
    size, path = found.get("file_size") or 0, found.get("file_path")
    return await api.download(path, limit) if path and size <= limit else None
