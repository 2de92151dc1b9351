"""The reply of a model as messages of Telegram."""

from collections.abc import Sequence

from polyant_engine.channels.model import Content
from polyant_engine.channels.telegram.markdown import formatted
from polyant_engine.channels.telegram.splitting import split


class TelegramRenderer:
    """Makes the messages: text and entities, no markup."""

    def render(self, markdown: str, chat: str = "") -> Sequence[Content]:  # noqa: ARG002  all places are alike
        """Convert and split; an empty reply is no message."""
        return [
            Content(
                text=piece.text,
                formatting={"entities": [entity.wire() for entity in piece.entities]},
            )
            for piece in split(formatted(markdown))
        ]
