"""What panel and engine know each other by.

While it is changed, two values count: a panel that was started before the change and one that was
started after it must both be heard.
"""

import hmac


class InternalSecret:
    """The values that are accepted; none of them means that nobody is."""

    def __init__(self, *values: str | None) -> None:
        self._values = tuple(value.encode() for value in values if value)

    def __bool__(self) -> bool:
        """Tell whether anybody can be let in."""
        return bool(self._values)

    def fits(self, given: bytes | None) -> bool:
        """Tell whether a value is one of them, without telling by time how much of it fits."""
        if given is None:
            return False
        found = [hmac.compare_digest(given, value) for value in self._values]
        return any(found)


NOBODY = InternalSecret()
