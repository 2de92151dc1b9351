"""WhatsApp and SMS as a kind of channel."""

from collections.abc import Mapping

from polyant_engine.channels.model import Account, Attachment, Json, Kind
from polyant_engine.channels.ports import Intake, Renderer
from polyant_engine.channels.twilio.adapter import TwilioAdapter
from polyant_engine.channels.twilio.api import MESSAGING, VENDOR, Api
from polyant_engine.channels.twilio.callbacks import callback_of
from polyant_engine.channels.twilio.configuration import Configuration, configuration
from polyant_engine.channels.twilio.ports import Contacts
from polyant_engine.channels.twilio.reading import is_vendors
from polyant_engine.channels.twilio.rendering import TwilioRenderer
from polyant_engine.core.clock import Clock
from polyant_engine.core.egress import AnswerTooLarge, Egress
from polyant_engine.core.errors import PolyantError, UpstreamFailed

GONE = frozenset({404, 410})
OK = 200


class TwilioVendor:
    """Makes the adapters of accounts; `public_url` is where Twilio can reach this installation."""

    kind: Kind = Kind.WHATSAPP
    renderer: Renderer = TwilioRenderer()

    def __init__(
        self,
        egress: Egress,
        clock: Clock,
        contacts: Contacts,
        public_url: str | None,
        base_url: str = VENDOR,
    ) -> None:
        self._egress, self._clock, self._contacts = egress, clock, contacts
        self._public_url = public_url
        self.base_url = base_url.rstrip("/")

    def account_name(self, settings: Json, secrets: Mapping[str, str]) -> str:
        """Return the number, if settings and secrets can be right."""
        return configuration(settings, secrets).name

    def preload(self) -> None:
        """Import what only rare messages need."""
        import regex  # noqa: F401

    def make(self, account: Account, intake: Intake) -> TwilioAdapter:  # noqa: ARG002  webhooks store
        """Build an adapter."""
        known = configuration(account.settings, account.secrets)
        callback = callback_of(account, known, self._public_url)
        calls, contacts = self._api(known), self._contacts
        return TwilioAdapter(account, known, calls, contacts, self._clock, callback)

    async def fetch(self, account: Account, attachment: Attachment, limit: int) -> bytes | None:
        """Return a file; the credentials go to Twilio's hosts only, and not along a redirect."""
        calls = self._api(configuration(account.settings, account.secrets))
        headers = calls.headers if is_vendors(attachment.reference, self.base_url) else {}
        try:
            answer = await self._egress.fetch(
                "GET", attachment.reference, headers=headers, limit=limit
            )
        except AnswerTooLarge:
            return None
        except PolyantError as failed:
            raise UpstreamFailed("A file could not be fetched from Twilio.") from failed
        if answer.status in GONE:
            return None
        if answer.status != OK:
            raise UpstreamFailed("Twilio refused to give a file.")
        return answer.body

    def _api(self, known: Configuration) -> Api:
        messaging = MESSAGING if self.base_url == VENDOR else self.base_url
        return Api(
            egress=self._egress,
            account_sid=known.account_sid,
            user=known.user,
            password=known.password,
            base_url=self.base_url,
            messaging_url=messaging,
        )
