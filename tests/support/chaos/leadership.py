"""Who led when, by the fence alone; who wrote and who polled without leading."""

from collections import Counter
from collections.abc import Iterator

from support.chaos.evidence import Evidence, Poll, Write
from support.chaos.history import History
from support.chaos.verdict import Promise, Violation

# A loop that is late sees a call some time after it arrived, and so after the promotion.
SLACK_SECONDS = 0.5
# What only the leader may do: (table, before, after); empty fits all.
LEADER_ONLY = (
    ("leader_heartbeat", "", ""),
    ("channel_states", "", ""),
    ("channel_pauses", "", ""),
    ("turns", "collecting", "queued"),
    ("outbox", "queued", "sending"),
    ("outbox", "sending", ""),
)


def fenced(evidence: Evidence, history: History) -> Iterator[Violation]:
    """A leader-only write comes from the replica, the epoch and the term that the fence names.

    The database notes a write just before its transaction ends, and reads the fence as it is
    committed then. So a newer promotion that shows there was committed before the write was.
    """
    for write in evidence.writes:
        if not _is_leaders(write):
            continue
        if found := _problems(write):
            change = f"{write.table} {write.subject} {write.before} -> {write.after}"
            what = f"{change} was written {'; '.join(found)}"
            shown = history.around(write.at)
            yield Violation(promise=Promise.FENCED, what=what, history=shown)


def _problems(write: Write) -> list[str]:
    holder = _holder(write)
    found = []
    if write.replica != holder:
        found.append(f"from {write.replica}, while {holder} held the fence")
    # What another term left in flight keeps its epoch when the new leader decides about it.
    if write.table == "outbox" and write.after not in ("sending", "sent"):
        return found
    if write.epoch not in (None, write.fence_epoch):
        found.append(f"with epoch {write.epoch}, while the fence was at {write.fence_epoch}")
    if write.term not in ("", write.fence_term):
        found.append("with another term than the fence's")
    return found


def _is_leaders(write: Write) -> bool:
    return any(
        write.table == table and before in ("", write.before) and after in ("", write.after)
        for table, before, after in LEADER_ONLY
    )


def one_poller(evidence: Evidence, history: History) -> Iterator[Violation]:
    """A replica that lost the fence begins one request more at most: the one it was about to."""
    terms = [write for write in evidence.writes if write.table == "fence"]
    strays: Counter[tuple[int, str, str]] = Counter()
    for poll in sorted(evidence.polls, key=lambda each: each.begun):
        current = _current(terms, poll)
        if current is None:
            continue
        stray = (current.number, poll.account, poll.replica)
        strays[stray] += 1
        if strays[stray] == 2:  # told once for each term
            what = f"{poll.replica} goes on to poll {poll.account} while {current.after} leads"
            shown = history.around(poll.begun)
            yield Violation(promise=Promise.ONE_POLLER, what=what, history=shown)


def _current(terms: list[Write], poll: Poll) -> Write | None:
    """The promotion that another replica had, if the poll was begun under one."""
    before = [write for write in terms if write.at + SLACK_SECONDS <= poll.begun]
    after = [write for write in terms if before and write.number > before[-1].number]
    names = {poll.replica}
    # A promotion that is about to be noted may already be at work.
    if not before or _holder(before[-1]) in names:
        return None
    if after and after[0].at <= poll.begun + SLACK_SECONDS and _holder(after[0]) in names:
        return None
    return before[-1]


def _holder(write: Write) -> str:
    return write.fence_holder.rpartition("_")[0]
