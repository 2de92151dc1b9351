"""What adapters of vendors offer, and what they are given.

An adapter belongs to one account and one term. It only receives, renders and sends: deduplication,
order, bursts, retries, back-off and dead letters are not its business. It holds no state that matters
after `stop`: everything is in the database.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol

from polyant_engine.channels.model import (
    Account,
    Address,
    Attachment,
    Content,
    Inbound,
    Json,
    Kind,
    Live,
    Outcome,
    Part,
    Stored,
)
from polyant_engine.core.errors import Unavailable
from polyant_engine.leadership.fence import Term


class InboxFull(Unavailable):
    """More waits than can be answered: take nothing more; 503 with Retry-After to a webhook."""

    default_code: ClassVar[str | None] = "inbox_full"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            "Too many messages wait to be answered; try again later.",
            headers={"retry-after": str(seconds)},
        )
        self.seconds = seconds


class Intake(Protocol):
    """Where inbound events go. Not fenced, because it is idempotent: any replica may store.

    Acknowledge to the vendor only after `store` has returned.
    """

    async def store(
        self, account: Account, events: Sequence[Inbound], *, offset: int | None = None
    ) -> Stored:
        """Store events and the account's next offset in one statement; raise `InboxFull`.

        Events that are known already are counted and change nothing. An offset never goes back.
        """
        ...

    async def offset(self, account: Account) -> int | None:
        """Return the next offset, or nothing: none was stored, or it is older than six days."""
        ...


class Permit(Protocol):
    """The right to send one part, for two seconds (CLOCK_BOOTTIME) from its claim."""

    def check(self) -> None:
        """Raise `PermitExpired` when it is too late.

        The last thing before the first byte of a request is written, after connecting: a process
        that was frozen in between must not send any more.
        """
        ...


class PermitExpired(Exception):
    """Too late to send this: nothing was written, and nothing will be. Let it through."""


class Adapter(Protocol):
    """A channel of one account at work, in the leader only. Built without I/O; one start, one stop."""

    @property
    def live(self) -> Live:
        """Return how it is."""
        ...

    async def start(self, term: Term) -> None:
        """Begin to receive and return soon.

        Never raises for what a vendor says: a failed start is a live state, and is tried again by the
        adapter itself, unless the credentials are refused (401).
        """
        ...

    async def stop(self) -> None:
        """Return when nothing of it runs any more; also when `start` failed or is still running."""
        ...

    async def send(self, part: Part, permit: Permit) -> Outcome:
        """Send one part, once: no retry of its own.

        Never raises but `PermitExpired` and cancellation. Doubt is `Unknown`: a time-out or a lost
        connection after the first byte was written, an answer that makes no sense.
        """
        ...

    async def typing(self, address: Address) -> None:
        """Show that an answer is being written; repeated by the caller, an error is nobody's."""
        ...


class Renderer(Protocol):
    """Makes messages of one vendor of a reply. Pure, cheap to import: every replica renders."""

    def render(self, markdown: str, chat: str = "") -> Sequence[Content]:
        """Convert and split; an empty reply is no message. The same text gives the same parts.

        `chat` is where it goes, for vendors whose places differ: an SMS is no WhatsApp message.
        """
        ...


class Vendor(Protocol):
    """A kind of channel. Importing it is cheap; what is heavy is imported by `preload`."""

    kind: Kind
    renderer: Renderer

    def account_name(self, settings: Json, secrets: Mapping[str, str]) -> str:
        """Return the vendor's own id of an account, without I/O.

        Raise `core.errors.BadRequest` for a configuration that cannot be right: which field, what
        is wrong, what to do.
        """
        ...

    def preload(self) -> None:
        """Import what adapters need; in a thread of a standby."""
        ...

    def make(self, account: Account, intake: Intake) -> Adapter:
        """Build an adapter, without I/O."""
        ...

    async def fetch(self, account: Account, attachment: Attachment, limit: int) -> bytes | None:
        """Return the content of a file; nothing if it is larger than the limit, or gone.

        Turns run in every replica, so this needs no adapter.
        """
        ...
