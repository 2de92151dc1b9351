"""Watches that lie to the operator keep what even a bad API server keeps; else a test blames the operator."""

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from support import faults
from support.faulty_api import Lines, Rule

SILENCE = b""


def event(version: int, name: str = "acme", kind: str = "MODIFIED") -> bytes:
    metadata = {"name": name, "resourceVersion": str(version)}
    return json.dumps({"type": kind, "object": {"metadata": metadata}}).encode() + b"\n"


def said(lines: Lines, *heard: bytes) -> list[bytes]:
    """The pieces that a watch sends for what it hears."""
    return [piece for line in heard if (piece := b"".join(lines(line)))]


def versions(pieces: list[bytes]) -> list[int]:
    events = [json.loads(line) for piece in pieces for line in piece.splitlines()]
    return [int(each["object"]["metadata"]["resourceVersion"]) for each in events]


class Watcher:
    """Goes on from the last version it was told, as the watch layer does."""

    def __init__(self) -> None:
        self.last = 0
        self.newest: dict[str, int] = {}

    def takes(self, pieces: list[bytes]) -> None:
        for line in b"".join(pieces).splitlines():
            told = json.loads(line)
            metadata = told["object"]["metadata"]
            self.last = int(metadata["resourceVersion"])
            if told["type"] != "BOOKMARK":
                known = self.newest.get(metadata["name"], 0)
                self.newest[metadata["name"]] = max(known, self.last)


def test_two_events_change_places_and_a_third_waits_for_silence() -> None:
    lines = faults.reordered()

    assert versions(said(lines, event(1), event(2), event(3))) == [2, 1]
    assert versions(said(lines, SILENCE)) == [3]
    assert said(lines, SILENCE) == []


def test_a_bookmark_overtakes_nothing() -> None:
    assert versions(said(faults.reordered(), event(1), event(2, kind="BOOKMARK"))) == [1, 2]


def test_each_watch_holds_back_for_itself() -> None:
    """Or one that was cut would swallow what the living one was about to say."""
    rule = Rule("", "", watch=True, left=9, rewrite=faults.reordered)
    cut, living = rule.rewriter(), rule.rewriter()

    assert said(living, event(1)) == []
    assert said(cut, event(1), SILENCE) == [event(1)]
    assert said(living, SILENCE) == [event(1)]


@given(
    happened=st.lists(
        st.tuples(st.sampled_from(["engine", "web"]), st.sampled_from(["MODIFIED", "BOOKMARK"]))
    ),
    silent_after=st.sets(st.integers(0, 20)),
    cuts=st.lists(st.integers(0, 5), max_size=5),
)
def test_whoever_goes_on_from_the_last_version_misses_nothing(
    happened: list[tuple[str, str]], silent_after: set[int], cuts: list[int]
) -> None:
    watcher = Watcher()
    for cut in [*cuts, None]:
        heard: list[bytes] = []
        for version, (name, kind) in enumerate(happened, 1):
            if version > watcher.last:
                heard += [event(version, name, kind)]
                heard += [SILENCE] if version in silent_after else []
        watcher.takes(said(faults.reordered(), *heard, SILENCE)[:cut])

    truth = {
        name: version for version, (name, kind) in enumerate(happened, 1) if kind != "BOOKMARK"
    }
    assert watcher.newest == truth


@given(st.integers(0, 20))
def test_nothing_is_said_twice_or_never(count: int) -> None:
    heard = [event(version) for version in range(1, count + 1)]

    told = versions(said(faults.reordered(), *heard, SILENCE))

    assert sorted(told) == list(range(1, count + 1))
    assert all(abs(one - other) <= 3 for one, other in pairwise(told))
