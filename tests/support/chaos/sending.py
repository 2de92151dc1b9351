"""What became of parts: once, in order, in time, and told as it was.

A part is found at its vendor by what it says: every reply of a run holds a word of the message it
answers, so no two parts of a conversation say the same, but apologies. These are compared by number.
"""

from collections import defaultdict
from collections.abc import Iterator

from support.chaos.evidence import Delivered, Evidence, Part, Place, Write
from support.chaos.history import History
from support.chaos.verdict import Promise, Violation

PERMIT_SECONDS = 2.0
# From the check to the vendor: a busy machine, a throttled process, a loop that was late.
SLACK_SECONDS = 1.5
NETWORK_FAULTS = frozenset({"vendor-frozen", "vendor-answers-frozen"})

Text = tuple[Place, str]


def _by_text(evidence: Evidence) -> dict[Text, tuple[list[Part], list[Delivered]]]:
    found: defaultdict[Text, tuple[list[Part], list[Delivered]]] = defaultdict(lambda: ([], []))
    for part in evidence.parts:
        found[part.place, part.text][0].append(part)
    for delivered in evidence.delivered:
        found[delivered.place, delivered.text][1].append(delivered)
    return found


def sent_once(evidence: Evidence, history: History) -> Iterator[Violation]:
    """The vendor has no text more often than there are parts that say it."""
    for (place, text), (parts, delivered) in _by_text(evidence).items():
        if not parts and delivered:
            what = f"{_short(text)} was sent and is no part of any turn"
        elif len(delivered) > len(parts) and not evidence.is_sent_again:
            what = f"{_short(text)} was sent {len(delivered)} times for {len(parts)} part(s)"
        else:
            continue
        shown = history.of_text(place, text)
        yield Violation(promise=Promise.SENT_ONCE, what=what, history=shown)


def honest(evidence: Evidence, history: History) -> Iterator[Violation]:
    """`sent` has the vendor's own id; everything else the vendor has is `unknown`, or still open."""
    for (place, text), (parts, delivered) in _by_text(evidence).items():
        ids = {each.external_id for each in delivered}
        known = {part.external_id for part in parts if part.state == "sent"}
        doubtful = sum(part.state in ("unknown", "queued", "sending") for part in parts)
        if made_up := known - ids:
            what = f"{_short(text)} is said to be sent as {sorted(made_up)}; the vendor has {sorted(ids)}"
        elif len(ids - known) > doubtful and not evidence.is_sent_again:
            states = sorted(part.state for part in parts)
            what = f"{_short(text)} exists at the vendor, and the outbox says {states}"
        else:
            continue
        yield Violation(promise=Promise.HONEST, what=what, history=history.of_text(place, text))


def sent_in_order(evidence: Evidence, history: History) -> Iterator[Violation]:
    """In one conversation the vendor made messages in the order of the outbox."""
    numbers: defaultdict[Text, list[int]] = defaultdict(list)
    for part in sorted(evidence.parts, key=lambda each: each.seq):
        numbers[part.place, part.text].append(part.seq)
    last: dict[Place, int] = {}
    for each in sorted(evidence.delivered, key=lambda delivered: delivered.at):
        seqs = numbers.get((each.place, each.text), [])
        if len(seqs) != 1:
            continue  # apologies say the same; what was never a part is told by SENT_ONCE
        if seqs[0] < last.get(each.place, 0) and not evidence.is_sent_again:
            what = f"part {seqs[0]} was sent after part {last[each.place]} of its conversation"
            shown = history.of_text(each.place, each.text)
            yield Violation(promise=Promise.ORDER, what=what, history=shown)
        last[each.place] = max(seqs[0], last.get(each.place, 0))


def permitted(evidence: Evidence, history: History) -> Iterator[Violation]:
    """A call arrives within two seconds of a claim, from whoever claimed.

    Frozen relays hold up calls that were written in time: what they carried is not judged by time.
    """
    claims: defaultdict[str, list[Write]] = defaultdict(list)
    for write in evidence.writes:
        if write.table == "outbox" and write.after == "sending":
            claims[write.subject].append(write)
    for (place, text), (parts, delivered) in _by_text(evidence).items():
        if len(parts) != 1:
            continue
        for each in delivered:
            before = [write for write in claims[parts[0].id] if write.at <= each.asked_at + 0.05]
            if what := _problem(evidence, each, before):
                shown = history.of_text(place, text)
                what = f"{_short(text)} {what}"
                yield Violation(promise=Promise.PERMITTED, what=what, history=shown)


def _problem(evidence: Evidence, each: Delivered, claims: list[Write]) -> str | None:
    if not claims:
        return f"was sent by {each.replica}, and nobody had claimed it"
    own = [write for write in claims if write.replica == each.replica]
    if not own:
        return f"was sent by {each.replica}, and {claims[-1].replica} had claimed it"
    late = each.asked_at - own[-1].at
    if late <= PERMIT_SECONDS + SLACK_SECONDS or _was_held_up(evidence, each, own[-1].at):
        return None
    return f"was sent by {each.replica} {late:.1f} s after its claim"


def _was_held_up(evidence: Evidence, each: Delivered, since: float) -> bool:
    return any(
        fault.name in NETWORK_FAULTS
        and fault.target in (each.replica, "all")
        and fault.begun <= each.asked_at
        and fault.ended >= since
        for fault in evidence.faults
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
