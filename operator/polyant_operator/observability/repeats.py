"""Says a thing once: a filter for a logger that repeats itself with every try, as a watch without rights does."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from typing_extensions import override

REPEAT_SECONDS: Final = 600.0
_REMEMBERED: Final = 100


class Repeats(logging.Filter):
    """Lets the same text pass once in ten minutes."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._told: OrderedDict[str, float] = OrderedDict()

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the text is news."""
        text, now = record.getMessage(), self._monotonic()
        if now - self._told.get(text, -REPEAT_SECONDS) < REPEAT_SECONDS:
            return False
        self._told[text] = now
        self._told.move_to_end(text)
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        return True
