"""Everything that happened to one message, in order of time: what makes a violation readable."""

from collections.abc import Iterator

from support.chaos.evidence import Evidence, Part, Place, Said

Moment = tuple[float, str]


class History:
    """Finds what belongs together."""

    def __init__(self, evidence: Evidence) -> None:
        self._found = evidence
        times = [said.at for said in evidence.said] + [each.at for each in evidence.delivered]
        self._zero = min(times, default=0.0)

    def of_said(self, said: Said) -> list[str]:
        """The life of what somebody said, with its turn, its parts and what came of them."""
        moments = [(said.at, f"said in {said.place[2]} as {said.key}: {said.token}")]
        if said.acknowledged_at is not None:
            moments.append((said.acknowledged_at, "acknowledged to the vendor"))
        facts = [
            f"inbox {row.key}: seq {row.seq}, turn {row.turn} {row.reason}"
            for row in self._found.stored
            if (row.kind, row.account, row.key) == (*said.place[:2], said.key)
        ]
        for message in self._found.messages:
            if said.token in message.content.split():
                facts.append(f"message {message.seq} of {message.conversation}")
                moments += self._of_turn(message.turn)
        return self._shown(moments, facts)

    def of_part(self, part: Part) -> list[str]:
        """The life of a part."""
        facts = [f"part {part.id} of turn {part.turn}: {part.state} {part.reason}"]
        moments = [*self._of_part(part), *self._of_text(part.place, part.text)]
        return self._shown([*moments, *self._of_turn(part.turn)], facts)

    def of_text(self, place: Place, text: str) -> list[str]:
        """Every delivery of a text, and the parts that say it."""
        moments = list(self._of_text(place, text))
        facts = []
        for part in self._found.parts:
            if (part.place, part.text) == (place, text):
                facts.append(f"part {part.id}: {part.state} {part.external_id} {part.reason}")
                moments += [*self._of_part(part), *self._of_turn(part.turn)]
        return self._shown(moments, facts)

    def around(self, at: float, seconds: float = 3.0) -> list[str]:
        """Faults and promotions near a moment."""
        return self._shown([each for each in self._context() if abs(each[0] - at) <= seconds], [])

    def _of_turn(self, turn: str) -> list[Moment]:
        found = [
            (write.at, f"turn {turn}: {write.before} -> {write.after} by {write.replica}")
            for write in self._found.writes
            if write.table == "turns" and write.subject == turn
        ]
        parts = [part for part in self._found.parts if part.turn == turn and turn]
        return [*found, *(moment for part in parts for moment in self._of_part(part))]

    def _of_part(self, part: Part) -> Iterator[Moment]:
        for write in self._found.writes:
            if write.table == "outbox" and write.subject == part.id:
                change = f"{write.before or 'written'} -> {write.after}"
                yield (
                    write.at,
                    f"part {part.seq}: {change} by {write.replica} (epoch {write.epoch})",
                )

    def _of_text(self, place: Place, text: str) -> Iterator[Moment]:
        for each in self._found.delivered:
            if (each.place, each.text) == (place, text):
                yield each.at, f"the vendor has it as {each.external_id}, from {each.replica}"

    def _context(self) -> Iterator[Moment]:
        for fault in self._found.faults:
            yield fault.begun, f"* {fault.name} {fault.target} begins"
            yield fault.ended, f"* {fault.name} {fault.target} ends"
        for write in self._found.writes:
            if write.table == "fence":
                yield write.at, f"* fence {write.before} -> {write.after} ({write.fence_holder})"

    def _shown(self, moments: list[Moment], facts: list[str]) -> list[str]:
        unique = sorted(set(moments))
        if unique:
            first, last = unique[0][0] - 1, unique[-1][0] + 1
            unique = sorted({*unique, *(m for m in self._context() if first <= m[0] <= last)})
        return [*facts, *(f"{at - self._zero:8.3f} s  {text}" for at, text in unique)]
