"""The reply of a model as messages of WhatsApp or SMS.

A look adds marks, so a piece is measured as it will be sent: if one is too long, the whole text is cut
shorter. The text of a content is WhatsApp's; `plain` beside it is what an SMS says.
"""

from collections.abc import Callable, Sequence

from polyant_engine.channels.model import Content
from polyant_engine.channels.telegram.entities import Formatted, units
from polyant_engine.channels.telegram.markdown import formatted
from polyant_engine.channels.telegram.splitting import split
from polyant_engine.channels.twilio import segments
from polyant_engine.channels.twilio.configuration import WHATSAPP
from polyant_engine.channels.twilio.markup import marked, written_out

LONGEST = 1600  # UTF-16 units: the vendor counts an emoji as several characters
# How long pieces may be before they get marks; what is too long even so loses them.
WHATSAPP_LENGTHS = (1600, 1580, 1550, 1500, 1400, 1200, 900, 600)
# 10 segments of 153 septets, fewer characters where some cost two, 10 segments of 67 units.
SMS_LENGTHS = (1530, 1500, 1450, 1350, 1200, 670)
ANY_NUMBER = 1_000_000  # of looks in a message; there is no limit


class TwilioRenderer:
    """Makes the messages of a conversation."""

    def render(self, markdown: str, chat: str = "") -> Sequence[Content]:
        """Convert and split; an empty reply is no message. `chat` says whether it is an SMS."""
        text = written_out(formatted(markdown))
        return sms(text) if chat and not chat.startswith(WHATSAPP) else whatsapp(text)


def whatsapp(text: Formatted) -> Sequence[Content]:
    """Return messages with markup."""
    pieces = _cut(text, WHATSAPP_LENGTHS, lambda piece: units(marked(piece)) <= LONGEST)
    return [_content(piece) for piece in pieces]


def sms(text: Formatted) -> Sequence[Content]:
    """Return messages without any looks."""
    plain = Formatted(segments.typed(text.text))
    pieces = _cut(plain, SMS_LENGTHS, lambda piece: segments.fits(piece.text))
    return [Content(text=piece.text.strip("\n")) for piece in pieces]


def _content(piece: Formatted) -> Content:
    text = marked(piece)
    if units(text) > LONGEST:
        text = piece.text
    plain = segments.typed(piece.text)
    return Content(text=text.strip("\n"), formatting={"plain": plain} if plain != text else {})


def _cut(
    text: Formatted, lengths: Sequence[int], fits: Callable[[Formatted], bool]
) -> Sequence[Formatted]:
    """Return pieces that fit, as long as they can be."""
    pieces: Sequence[Formatted] = ()
    for longest in lengths:
        pieces = split(text, longest, ANY_NUMBER)
        if all(map(fits, pieces)):
            break
    return pieces
