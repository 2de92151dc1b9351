"""What a vendor's API can do wrong, injected call by call.

`faults.inject(slow(2), operation="sendMessage", times=3)`. A fault with `done` lets the call be
carried out first: the vendor did the work and the caller does not learn of it.
"""

from dataclasses import dataclass, field
from typing import Any

_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@dataclass(frozen=True)
class Fault:
    """How one call goes wrong."""

    seconds: float = 0  # real seconds before anything else, or before the answer if done
    status: int = 0  # answered instead of the right answer
    body: str = ""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False  # the connection ends without an answer
    done: bool = False  # the call is carried out all the same


def slow(seconds: float, *, done: bool = False) -> Fault:
    """The right answer, late."""
    return Fault(seconds=seconds, done=done)


def failing(status: int = 500, *, body: str = "", done: bool = False) -> Fault:
    """An error of the vendor's own."""
    return Fault(status=status, body=body, content_type="text/plain", done=done)


def bad_gateway(*, done: bool = False) -> Fault:
    """A middlebox's 502 with HTML where JSON is expected."""
    return Fault(status=502, body=_GATEWAY, content_type="text/html", done=done)


def cut(*, done: bool) -> Fault:
    """The connection ends before or after the call was carried out."""
    return Fault(cut=True, done=done)


@dataclass
class _Rule:
    fault: Fault
    operation: str
    account: str
    left: int


class Faults:
    """The faults that wait for a call."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []

    def inject(
        self, fault: Fault, *, operation: str = "", account: str = "", times: int = 1
    ) -> None:
        """Let the next calls that fit go wrong; empty fits all."""
        self._rules.append(_Rule(fault, operation, account, times))

    def inject_described(
        self, operation: str = "", account: str = "", times: int = 1, **fault: Any
    ) -> None:
        """The same for those who can only send JSON."""
        self.inject(Fault(**fault), operation=operation, account=account, times=times)

    def heal(self) -> None:
        """Forget every fault."""
        self._rules.clear()

    def take(self, operation: str, account: str) -> Fault | None:
        """Give the fault that this call meets."""
        for rule in self._rules:
            fits = rule.operation in ("", operation) and rule.account in ("", account)
            if fits and rule.left > 0:
                rule.left -= 1
                return rule.fault
        return None
