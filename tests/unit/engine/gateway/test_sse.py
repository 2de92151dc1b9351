"""The event parser copes with any split and with hostile input."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyant_engine.gateway import sse

STREAM = b'\xef\xbb\xbfdata: {"a":1}\r\n\r\n: ping\n\nevent: x\ndata:two\ndata: lines\n\nid: 7\rdata\r\rdata: last\n\n'
EXPECTED = [b'{"a":1}', b"two\nlines", b"", b"last"]


def parse(pieces: list[bytes], limit: int = 1000) -> list[bytes]:
    parser = sse.EventParser(limit)
    found = [event for piece in pieces for event in parser.feed(piece)]
    last = parser.close()
    return found if last is None else [*found, last]


def test_a_whole_stream_is_read() -> None:
    assert parse([STREAM]) == EXPECTED


def test_bytes_may_come_one_by_one() -> None:
    assert parse([bytes([byte]) for byte in STREAM]) == EXPECTED


@given(st.lists(st.integers(min_value=0, max_value=len(STREAM)), max_size=8))
def test_any_split_gives_the_same_events(cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in itertools.pairwise(bounds)]

    assert parse(pieces) == EXPECTED


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_garbage_never_breaks_it(pieces: list[bytes]) -> None:
    assert parse(pieces) == parse([b"".join(pieces)])


def test_an_event_without_its_last_blank_line_is_kept() -> None:
    assert parse([b"data: a\n\ndata: b"]) == [b"a", b"b"]


@pytest.mark.parametrize("endless", [[b"data: xxxxxxxx"] * 20, [b"data: x\n"] * 200, [b":" * 200]])
def test_an_event_without_end_is_refused(endless: list[bytes]) -> None:
    with pytest.raises(sse.OversizedEvent):
        parse(endless, limit=100)


def test_a_long_line_in_small_pieces_costs_no_square() -> None:
    parser = sse.EventParser(10_000_000)

    for _ in range(50_000):
        parser.feed(b"x" * 100)

    assert parser.feed(b"\n") == []
