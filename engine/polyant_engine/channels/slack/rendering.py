"""The reply of a model as messages of Slack."""

from collections.abc import Sequence

from polyant_engine.channels.model import Content
from polyant_engine.channels.slack.blocks import rich_text
from polyant_engine.channels.slack.mrkdwn import written
from polyant_engine.channels.telegram.markdown import formatted
from polyant_engine.channels.telegram.splitting import split

# Slack advises at most 4,000 characters a message and refuses blocks somewhere between 11,000 and
# 13,200, counting more than their text (bolt-js#2509, bolt-js#2867): this stays below both, even
# with as many looks as are allowed here, each of which costs about a hundred characters.
LONGEST_TEXT = 3000
MOST_LOOKS = 50


class SlackRenderer:
    """Makes the messages: a rich text block, and the same as mrkdwn where blocks are not shown."""

    def render(self, markdown: str, chat: str = "") -> Sequence[Content]:  # noqa: ARG002  all places are alike
        """Convert and split; an empty reply is no message."""
        return [
            Content(text=written(piece), formatting={"blocks": list(rich_text(piece))})
            for piece in split(formatted(markdown), LONGEST_TEXT, MOST_LOOKS)
        ]
