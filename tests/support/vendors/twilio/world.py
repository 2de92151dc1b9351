"""What exists at Twilio, and what becomes of messages."""

from typing import Any

from support.vendors.disorder import Disorder
from support.vendors.limits import Limit
from support.vendors.server import Simulator
from support.vendors.twilio import messages
from support.vendors.twilio.account import Account, Address
from support.vendors.twilio.messages import Message
from support.vendors.twilio.webhook import post

Callback = tuple[Account, str, dict[str, str]]


class World(Simulator):
    """State of all accounts."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.accounts: dict[str, Account] = {}
        self.messages: dict[str, Message] = {}
        self.media: dict[str, tuple[str, bytes]] = {}
        self.requests = Limit(100, 1)  # REST requests of an account: 20429 beyond
        # What becomes of messages to a number instead of the usual; the last with its error.
        self.fates: dict[str, tuple[list[str], int]] = {}
        self.step_seconds = 0.05
        self.disorder: Disorder[Callback] = Disorder()

    def add_account(self) -> Account:
        account = Account(self.new_sid("AC"), f"{self.random.getrandbits(128):032x}")
        self.accounts[account.sid] = account
        return account

    def account(self, account: Account | str) -> Account:
        """An account by its SID, for those who can only send JSON."""
        return self.accounts[account] if isinstance(account, str) else account

    def add_key(self, account: Account | str) -> tuple[str, str]:
        """An API key: its SID and secret."""
        key, secret = self.new_sid("SK"), f"{self.random.getrandbits(128):032x}"
        self.account(account).keys[key] = secret
        return key, secret

    def add_address(
        self, account: Account | str, name: str, *, webhook: str = "", fallback: str = ""
    ) -> Address:
        """A number, or a WhatsApp sender if it begins with `whatsapp:`."""
        address = Address(name, webhook, fallback)
        self.account(account).addresses[name] = address
        return address

    def add_service(self, account: Account | str, *names: str) -> str:
        sid = self.new_sid("MG")
        self.account(account).services[sid] = list(names)
        return sid

    def add_template(self, account: Account | str, body: str) -> str:
        sid = self.new_sid("HX")
        self.account(account).templates[sid] = body
        return sid

    def create(self, account: Account, asked: dict[str, str], media: list[str]) -> Message:
        """Make a message of a request. The same request again makes another: Twilio has no key."""
        sender, to, body, media = messages.checked(account, asked, media)
        service = asked.get("MessagingServiceSid", "")
        message = Message(
            sid=self.new_sid("MM" if media else "SM"),
            account=account.sid,
            sender="" if service else sender.name,
            to=to,
            body=body,
            created=self.clock.now(),
            status="accepted" if service else "queued",
            service=service,
            callback=asked.get("StatusCallback", ""),
            media=media,
            template=asked.get("ContentSid", ""),
        )
        self.messages[message.sid] = message
        shown: dict[str, Any] = {"sid": message.sid, "to": to, "body": body, "media": media}
        self.journal.add("fact", "message_sent", account.sid, **shown, sender=sender.name)
        self.background(self._advance(sender, message))
        return message

    async def move(self, message: Message | str, status: str, error: int = 0) -> None:
        """Give a message its next status and tell the customer."""
        found = self.messages[message] if isinstance(message, str) else message
        found.status, found.error = status, error or found.error
        account = self.accounts[found.account]
        self.journal.add("fact", "status", account.sid, sid=found.sid, status=status, error=error)
        if not found.callback:
            return
        for whose, url, parameters in self.disorder.passed(
            (account, found.callback, _told(found, status))
        ):
            self.background(post(self, whose, url, parameters, "status"))

    def new_sid(self, prefix: str) -> str:
        return f"{prefix}{self.random.getrandbits(128):032x}"

    async def _advance(self, sender: Address, message: Message) -> None:
        statuses, error = self._fate(sender, message)
        first = ["queued", "sent"] if message.service else ["sent"]
        for status in [*first, *statuses] if statuses[0] == "delivered" else statuses:
            await self.clock.sleep(self.step_seconds)
            final = status == statuses[-1]
            await self.move(message, status, error if final else 0)
        if message.service:
            message.sender = sender.name

    def _fate(self, sender: Address, message: Message) -> tuple[list[str], int]:
        if message.to in self.fates:
            return self.fates[message.to]
        within = messages.is_within_window(sender, message.to, self.clock.now())
        if sender.is_whatsapp and not message.template and not within:
            return ["failed"], messages.OUTSIDE_WINDOW
        return ["delivered"], 0


def _told(message: Message, status: str) -> dict[str, str]:
    told = {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "MessageStatus": status,
        "SmsStatus": status,
        "AccountSid": message.account,
        "ApiVersion": "2010-04-01",
        "From": message.sender,
        "To": message.to,
    }
    if message.service:
        told["MessagingServiceSid"] = message.service
    if message.to.startswith("whatsapp:"):
        told |= {"ChannelPrefix": "whatsapp", "ChannelToAddress": message.to.partition(":")[2]}
    return {**told, "ErrorCode": str(message.error)} if message.error else told
