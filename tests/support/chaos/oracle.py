"""The oracle: judges what happened by the vendors' journals and the database, and nothing else.

It imports nothing of the engine, so a misunderstanding of the engine's is not its own. A violation is
something that happened, never a suspicion: each rule says why it cannot be wrong.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from support.chaos import leadership, sending
from support.chaos.evidence import Evidence, Place, Said, Stored, Turn
from support.chaos.history import History
from support.chaos.verdict import Promise, Verdict, Violation

# A turn whose runner vanished runs again, so often; then it is given up with an apology.
MOST_LOSSES = 3
OPEN_TURNS = frozenset({"collecting", "queued", "running"})
OPEN_PARTS = frozenset({"queued", "sending"})

Rule = Callable[[Evidence, History], Iterator[Violation]]


def judge(evidence: Evidence) -> Verdict:
    """Hold everything that is known against every promise."""
    history = History(evidence)
    rules: tuple[Rule, ...] = (
        stored,
        answered,
        settled,
        said_in_order,
        sending.sent_once,
        sending.honest,
        sending.sent_in_order,
        sending.permitted,
        leadership.fenced,
        leadership.one_poller,
    )
    violations = [found for rule in rules for found in rule(evidence, history)]
    return Verdict(violations=violations, counts=_counts(evidence))


def stored(evidence: Evidence, history: History) -> Iterator[Violation]:
    """What the vendor will not say again has a row, and its words are in one message."""
    rows = {(row.kind, row.account, row.key): row for row in evidence.stored}
    words = Counter(word for each in evidence.messages for word in each.content.split())
    for said in evidence.said:
        row = rows.get((*said.place[:2], said.key))
        if row is None and said.acknowledged_at is not None:
            yield _of(Promise.STORED, said, history, "was acknowledged and is not stored")
        if row is not None and not row.is_accepted:
            yield _of(Promise.STORED, said, history, f"was ignored: {row.reason}")
        if row is not None and row.is_accepted and words[said.token] != 1:
            yield _of(Promise.STORED, said, history, f"is in {words[said.token]} messages")


def answered(evidence: Evidence, history: History) -> Iterator[Violation]:
    """One turn has it, that turn was committed once, and its reply says the message's own word."""
    turns = {turn.id: turn for turn in evidence.turns}
    rows = {(row.kind, row.account, row.key): row for row in evidence.stored}
    ended = Counter(
        write.subject
        for write in evidence.writes
        if write.table == "turns" and write.after not in OPEN_TURNS
    )
    told = {part.turn for part in evidence.parts}
    for said in evidence.said:
        row = rows.get((*said.place[:2], said.key))
        if row is None or not row.is_accepted:
            continue  # a matter of STORED, or of SETTLED
        turn = turns.get(row.turn or "")
        if turn is None:
            yield _of(Promise.ANSWERED, said, history, "belongs to no turn")
        elif ended[turn.id] > 1:
            yield _of(Promise.ANSWERED, said, history, f"was committed {ended[turn.id]} times")
        elif problem := _unanswered(turn, said.token, is_told=turn.id in told):
            yield _of(Promise.ANSWERED, said, history, problem)


def _unanswered(turn: Turn, token: str, *, is_told: bool) -> str | None:
    """Why a turn is no answer; one that is open is a matter of SETTLED."""
    if turn.state == "done":
        fitting = [reply for reply in turn.replies if token in reply.split()]
        if len(turn.replies) == len(fitting) == 1:
            return None
        return f"has {len(turn.replies)} replies, {len(fitting)} of them to it"
    is_by_rule = turn.state == "abandoned" and turn.losses >= MOST_LOSSES and is_told
    if turn.state in OPEN_TURNS or is_by_rule:
        return None
    return f"has a turn that is {turn.state} ({turn.error}, lost {turn.losses} times)"


def settled(evidence: Evidence, history: History) -> Iterator[Violation]:
    """Judged after a time without faults that is longer than every pause of the engine."""
    known = {(row.kind, row.account, row.key) for row in evidence.stored}
    for said in evidence.said:
        if (*said.place[:2], said.key) not in known:
            yield _of(Promise.SETTLED, said, history, "was not fetched at all")
    for turn in evidence.turns:
        if turn.state in OPEN_TURNS:
            yield Violation(promise=Promise.SETTLED, what=f"turn {turn.id} is {turn.state}")
    for part in evidence.parts:
        if part.state in OPEN_PARTS:
            what = f"part {part.id} is {part.state}: {part.reason}"
            yield Violation(promise=Promise.SETTLED, what=what, history=history.of_part(part))


def said_in_order(evidence: Evidence, history: History) -> Iterator[Violation]:
    """Sequence numbers of a conversation grow as the vendor's own order does."""
    rows = {(row.kind, row.account, row.key): row for row in evidence.stored}
    last: dict[Place, tuple[int, Said]] = {}
    for said in sorted(evidence.said, key=lambda each: each.at):
        row: Stored | None = rows.get((*said.place[:2], said.key))
        if row is None or row.seq is None:
            continue
        seq, before = last.get(said.place, (0, said))
        if row.seq <= seq:
            what = f"is number {row.seq}, and {before.token}, said earlier, is {seq}"
            yield _of(Promise.ORDER, said, history, what)
        last[said.place] = (row.seq, said)


def _of(promise: Promise, said: Said, history: History, what: str) -> Violation:
    return Violation(promise=promise, what=f"{said.token} {what}", history=history.of_said(said))


def _counts(evidence: Evidence) -> dict[str, int]:
    parts: defaultdict[str, int] = defaultdict(int)
    for part in evidence.parts:
        parts[part.state] += 1
    promotions = [write for write in evidence.writes if write.table == "fence"]
    return {
        "messages": len(evidence.said),
        "turns": len(evidence.turns),
        "sent": parts["sent"],
        "unknown": parts["unknown"],
        "dead": parts["dead"],
        "promotions": len(promotions),
        "faults": len(evidence.faults),
    }
