"""What a run found, as markdown: for `docs/reference/chaos.md`, and for whoever has to mend something."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from support.chaos.mutations import Mutation
from support.chaos.rounds import Outcome
from support.chaos.verdict import Promise

COUNTS = ("messages", "turns", "sent", "unknown", "dead", "promotions")


@dataclass(frozen=True, kw_only=True)
class Report:
    """All outcomes of one run of the harness."""

    seed: int
    blocks: Sequence[Outcome]
    mutants: Sequence[tuple[Mutation, Outcome]]

    @property
    def is_well(self) -> bool:
        """Whether no promise was broken, and every mutation was seen."""
        broken = any(outcome.verdict.violations for outcome in self.blocks)
        return not broken and all(each.is_caught(outcome) for each, outcome in self.mutants)

    def markdown(self) -> str:
        sections = (self._rounds(), self._faults(), self._mutants(), self._violations())
        return "\n\n".join([f"# Chaos run with seed {self.seed}", *filter(None, sections)]) + "\n"

    def _rounds(self) -> str:
        if not self.blocks:
            return ""
        names = ("seed", "election", "rounds", *COUNTS, "violations", "seconds", "settled in")
        rows = [
            (
                outcome.setup.seed,
                "Lease" if outcome.setup.is_kubernetes else "PostgreSQL",
                outcome.rounds,
                *(outcome.verdict.counts[name] for name in COUNTS),
                len(outcome.verdict.violations),
                f"{outcome.seconds:.0f}",
                f"{outcome.settled_seconds:.1f} s",
            )
            for outcome in self.blocks
        ]
        return _table(names, rows)

    def _faults(self) -> str:
        met: Counter[str] = Counter()
        for outcome in self.blocks:
            met.update(outcome.met)
        return "Faults: " + ", ".join(f"{name} {met[name]}" for name in sorted(met)) if met else ""

    def _mutants(self) -> str:
        if not self.mutants:
            return ""
        names = ("mutation", "what it does", "faults", "must break", "broke", "caught")
        rows = [
            (
                each.name or "(none)",
                each.means,
                ", ".join(each.faults),
                each.breaks.name if each.breaks else "nothing",
                _broken(outcome),
                "yes" if each.is_caught(outcome) else "**no**",
            )
            for each, outcome in self.mutants
        ]
        return _table(names, rows)

    def _violations(self) -> str:
        found = [
            f"## Seed {outcome.setup.seed}\n\n{outcome.logs}\n\n```\n{violation}\n```"
            for outcome in self.blocks
            for violation in outcome.verdict.violations
        ]
        return "\n\n".join(found)


def _broken(outcome: Outcome) -> str:
    found: Counter[Promise] = Counter(each.promise for each in outcome.verdict.violations)
    return ", ".join(f"{promise.name} x {found[promise]}" for promise in sorted(found)) or "nothing"


def _table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
