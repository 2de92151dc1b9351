"""A verdict: one condition as a check sees it, before time stamps and generations are added."""

from dataclasses import dataclass

from polyant_operator.api.conditions import ConditionType, Reason, Truth


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a check says about one aspect."""

    type: ConditionType
    status: Truth
    reason: Reason
    message: str
    # Only a person can go on from here.
    stalled: bool = False
    # Ready waits for it.
    gates: bool = True

    @property
    def blocks(self) -> bool:
        """Whether Ready cannot be True because of this."""
        return self.gates and self.status != "True"


def holds(kind: ConditionType, reason: Reason, message: str) -> Verdict:
    """Say that an aspect is as it should be."""
    return Verdict(type=kind, status="True", reason=reason, message=message)


def waits(kind: ConditionType, reason: Reason, message: str) -> Verdict:
    """Say that an aspect is not there yet, and will be by itself."""
    return Verdict(type=kind, status="False", reason=reason, message=message)


def stalls(kind: ConditionType, reason: Reason, message: str) -> Verdict:
    """Say that an aspect needs a person."""
    return Verdict(type=kind, status="False", reason=reason, message=message, stalled=True)


def unknown(kind: ConditionType, reason: Reason, message: str) -> Verdict:
    """Say that an aspect cannot be judged yet."""
    return Verdict(type=kind, status="Unknown", reason=reason, message=message)
