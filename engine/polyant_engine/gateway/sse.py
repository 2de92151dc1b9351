"""An incremental parser of server-sent events, for input nobody vouches for.

Bytes may be split anywhere, lines may end in CR, LF or both, and a hostile server may send a line
without end: the parser keeps at most `MAX_EVENT_BYTES`. Only `data` fields matter to us, so other
fields and comments are dropped. It follows the WHATWG rules otherwise.
"""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MAX_EVENT_BYTES = 4 * 1024 * 1024


class OversizedEvent(ValueError):
    """An event is larger than any honest one."""


class EventParser:
    """Feed it bytes, get back the data of the events that became complete."""

    def __init__(self, limit: int = MAX_EVENT_BYTES) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []  # of the line that is not complete yet
        self._pending = 0
        self._data: list[bytes] = []
        self._size = 0
        self._is_first = True

    def feed(self, piece: bytes) -> list[bytes]:
        """Take bytes; return the data of every event that ended in them."""
        events: list[bytes] = []
        for line in self._lines(piece):
            if line:
                self._field(line)
            elif self._data:
                events.append(self._take())
        self._check(self._pending + self._size)
        return events

    def close(self) -> bytes | None:
        """Return an event that only lacks its last blank line."""
        line = self._first(b"".join(self._pieces).removesuffix(b"\r"))
        self._hold(b"")
        if line:
            self._field(line)
        return self._take() if self._data else None

    def _lines(self, piece: bytes) -> list[bytes]:
        # Joining only where a line ends keeps a line that comes byte by byte from costing its square.
        self._pieces.append(piece)
        self._pending += len(piece)
        if b"\n" not in piece and b"\r" not in piece and not self._ends_in_cr():
            return []
        text = self._first(b"".join(self._pieces))
        # A CR at the very end may be half of a CRLF: wait for the next piece.
        held = b"\r" if text.endswith(b"\r") else b""
        if b"\r" in text:
            text = text.removesuffix(held) if held else text
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = text.split(b"\n")
        self._hold(rest + held)
        return lines

    def _ends_in_cr(self) -> bool:
        return len(self._pieces) > 1 and self._pieces[-2].endswith(b"\r")

    def _hold(self, rest: bytes) -> None:
        self._pieces = [rest] if rest else []
        self._pending = len(rest)

    def _first(self, text: bytes) -> bytes:
        if not self._is_first:
            return text
        self._is_first = False
        return text.removeprefix(BYTE_ORDER_MARK)

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name != b"data":
            return
        value = value.removeprefix(b" ")
        self._data.append(value)
        self._size += len(value) + 1
        self._check(self._size)

    def _take(self) -> bytes:
        event = b"\n".join(self._data)
        self._data, self._size = [], 0
        return event

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise OversizedEvent(f"an event is larger than {self._limit} bytes")
