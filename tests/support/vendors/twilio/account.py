"""An account: credentials, addresses, messaging services, who opted out."""

from dataclasses import dataclass, field

STOP_WORDS = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
)
START_WORDS = frozenset({"START", "YES", "UNSTOP"})


@dataclass
class Address:
    """A number or a WhatsApp sender, and where its messages are sent."""

    name: str  # +15550001111 or whatsapp:+15550001111
    webhook: str = ""
    fallback: str = ""
    # Numbers that said STOP to this one.
    opted_out: set[str] = field(default_factory=set)
    # When a person last wrote to this one; WhatsApp's 24-hour window begins there.
    heard: dict[str, float] = field(default_factory=dict)

    @property
    def is_whatsapp(self) -> bool:
        return self.name.startswith("whatsapp:")


@dataclass
class Account:
    """One customer."""

    sid: str
    token: str
    keys: dict[str, str] = field(default_factory=dict)  # API key SID -> secret
    addresses: dict[str, Address] = field(default_factory=dict)
    services: dict[str, list[str]] = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=dict)  # ContentSid -> body with {{1}}
    dead: set[str] = field(default_factory=set)  # SIDs whose secret is no good any more

    def knows(self, user: str, password: str) -> bool:
        if user in self.dead:
            return False
        secret = self.token if user == self.sid else self.keys.get(user)
        return secret is not None and secret == password
