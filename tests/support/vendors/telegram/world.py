"""What exists at Telegram: bots, chats, files, and the one way each comes into being."""

from typing import Any

from support.vendors.server import Simulator
from support.vendors.telegram.attachments import Files
from support.vendors.telegram.bot import Bot, Webhook
from support.vendors.telegram.chats import Chat
from support.vendors.telegram.updates import UpdateQueue
from support.vendors.telegram.webhook import Deliveries


class World(Simulator):
    """State; `methods` and `people` are its two sides."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.bots: dict[str, Bot] = {}
        self.users: dict[int, dict[str, Any]] = {}
        # Groups by (0, id), private chats by (bot, person).
        self.chats: dict[tuple[int, int], Chat] = {}
        self.files = Files()
        self.callbacks: set[str] = set()
        self._deliveries: dict[int, Deliveries] = {}

    def add_bot(
        self, username: str = "helper_bot", *, token: str = "", privacy: bool = True
    ) -> Bot:
        """A bot with a token of its own."""
        number = int(token.partition(":")[0]) if token else self._number()
        token = token or f"{number}:AA{self.random.getrandbits(200):050x}"[: len(str(number)) + 36]
        queue = UpdateQueue(self.random)
        bot = Bot(number, token, username, username.removesuffix("_bot").title(), privacy, queue)
        self.bots[token] = bot
        return bot

    def bot(self, bot: Bot | str) -> Bot:
        """A bot by its token, for those who can only send JSON."""
        return self.bots[bot] if isinstance(bot, str) else bot

    def push(self, bot: Bot, kind: str, body: dict[str, Any], lane: int) -> None:
        """Let a bot know, if it wants to."""
        if not bot.wants(kind):
            return
        update = bot.queue.add(kind, body, lane, self.clock.now())
        self.journal.add("fact", "update_created", str(bot.id), **update.wire())
        self.look(bot)

    def look(self, bot: Bot) -> None:
        """Let whoever fetches or is sent updates look at the queue."""
        if delivery := self._deliveries.get(bot.id):
            delivery.look()
        else:
            bot.wake()

    def use_webhook(self, bot: Bot, webhook: Webhook | None) -> None:
        """Send updates there from now on, or nowhere."""
        bot.webhook, bot.webhook_error = webhook, None
        self._deliveries.pop(bot.id, None)
        if webhook:
            self._deliveries[bot.id] = Deliveries(self, bot, webhook)
            self.look(bot)

    def post(self, chat: Chat, sender: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
        """Make a message in a chat."""
        person = sender if not sender["is_bot"] else self.users.get(chat.id)
        message = {
            "message_id": chat.new_message_id(),
            "from": sender,
            "chat": chat.wire(person),
            "date": int(self.clock.now()),
            **content,
        }
        chat.messages[message["message_id"]] = message
        return message

    def note_confirmed(self, bot: Bot, ids: list[int]) -> None:
        for number in ids:
            self.journal.add(
                "fact", "update_confirmed", str(bot.id), update_id=number, by="getUpdates"
            )

    def _number(self) -> int:
        return self.random.randint(10**8, 9 * 10**8)
