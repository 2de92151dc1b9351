"""SMS as networks carry it: segments of GSM-7, or of UCS-2 if one character needs it.

One segment holds 160 septets or 70 units; of a longer message each holds 153 or 67, for the rest says
which it is. Characters of the extension table cost two septets. What looks the same is written in
GSM-7, because one curly quotation mark more than doubles the segments, and the price, of a message.
"""

import re

from polyant_engine.channels.telegram.entities import units

# Twilio takes 1,600 characters; longer messages than ten segments are refused by carriers.
MOST_SEGMENTS = 10
LONGEST = 1600

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
_TYPED = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2022\u25e6\u25aa\u00b7", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2009\u200a\u202f\t", " "),
        "\u2026": "...",
        "\u2192": "->",
        "\u00d7": "x",
        "\u200b": "",
        "\ufeff": "",
    }
)
_RULE = re.compile(r"-{3,}")


def typed(text: str) -> str:
    """Return a text with the signs that every phone has, in place of their finer forms."""
    return _RULE.sub("---", text.translate(_TYPED))


def septets(text: str) -> int | None:
    """Return the length in GSM-7; none: it needs UCS-2."""
    characters = set(text)
    if not characters <= _BASIC | _EXTENDED:
        return None
    return len(text) + sum(text.count(each) for each in _EXTENDED & characters)


def segments(text: str) -> int:
    """Return how many messages of the network a text is."""
    length, single, several = septets(text), 160, 153
    if length is None:
        length, single, several = units(text), 70, 67
    return 1 if length <= single else -(-length // several)


def fits(text: str) -> bool:
    """Tell whether a text is one message of Twilio's that carriers take."""
    return units(text) <= LONGEST and segments(text) <= MOST_SEGMENTS
