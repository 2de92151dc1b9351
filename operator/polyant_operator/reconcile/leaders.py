"""Who leads the engines of each instance, as their Leases were seen.

A leader renews its Lease every few seconds, so one that is the same after longer than its own life has
no living holder. What counts is what was seen to change between two looks, by the steady clock of this
process: wall clocks of other machines are never compared. Forgotten at a restart, and found again.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from polyant_operator.api.labels import EPOCH
from polyant_operator.verdicts import live
from polyant_operator.verdicts.observed import LeaderSeen

Key: TypeAlias = tuple[str, str]
_LIFE_SECONDS: Final = 10


@dataclass(frozen=True, kw_only=True)
class _Sight:
    """What a Lease said."""

    holder: str = ""
    epoch: int = 0
    since: str = ""
    renewed: str = ""
    life: int = _LIFE_SECONDS


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What is known of one Lease, with the moments of our steady clock."""

    sight: _Sight
    # When this sight was new, and when it was last met.
    first_at: float
    last_at: float
    # When somebody was last known to lead; in the beginning, the first look.
    led_at: float
    # Who led last, and under which epoch.
    led_by: str = ""
    led_epoch: int = 0
    # Whether a change was seen yet: one look alone cannot tell a leader from what it left behind.
    is_proven: bool = False

    @property
    def is_led(self) -> bool:
        """Whether there is a holder that is promoted and renews."""
        is_promoted = self.sight.epoch == self.led_epoch and self.sight.holder == self.led_by
        return is_promoted and bool(self.led_by) and self.last_at - self.first_at <= self.sight.life


class Leaders:
    """Remembers how the Leases of instances were last seen."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._known: dict[Key, _Known] = {}

    def note(self, key: Key, lease: Mapping[str, Any] | None) -> bool:
        """Take a look at a Lease; says whether another one leads now, or nobody does any more."""
        before, now = self._known.get(key), self._monotonic()
        after = _first(_sight(lease), now) if before is None else _next(before, _sight(lease), now)
        self._known[key] = after
        return before is None or _told(before) != _told(after)

    def seen(self, key: Key) -> LeaderSeen:
        """What is known of who leads."""
        known = self._known.get(key)
        if known is None:
            return LeaderSeen()
        last, sight = _pod(known.led_by), known.sight
        if known.is_led:
            return LeaderSeen(
                pod=last, epoch=sight.epoch, since=sight.since, last=last, proven=known.is_proven
            )
        missing = known.last_at - known.led_at
        return LeaderSeen(missing_for=missing, last=last, silent=_pod(sight.holder))

    def is_known(self, key: Key) -> bool:
        """Whether the Lease was looked at yet."""
        return key in self._known

    def forget(self, key: Key) -> None:
        """Forget an instance that is gone."""
        self._known.pop(key, None)


def _first(sight: _Sight, now: float) -> _Known:
    known = _Known(sight=sight, first_at=now, last_at=now, led_at=now)
    # A holder without an epoch is about to be promoted: until then it does not lead.
    return _promoted(known) if sight.holder and sight.epoch else known


def _next(before: _Known, sight: _Sight, now: float) -> _Known:
    if sight == before.sight:
        return replace(before, last_at=now)
    known = replace(before, sight=sight, first_at=now, last_at=now, is_proven=True)
    is_same = (sight.holder, sight.epoch) == (before.led_by, before.led_epoch)
    # Who has just won keeps the epoch of the one before until the fence has the new one.
    is_new = bool(sight.epoch) and sight.epoch != before.led_epoch
    if not sight.holder or not (is_same or is_new):
        return known
    return replace(_promoted(known), led_at=now)


def _promoted(known: _Known) -> _Known:
    return replace(known, led_by=known.sight.holder, led_epoch=known.sight.epoch)


def _told(known: _Known) -> tuple[bool, str, int]:
    return known.is_led, known.led_by, known.led_epoch


def _sight(lease: Mapping[str, Any] | None) -> _Sight:
    epoch = str(live.field(lease, "metadata", "annotations", EPOCH) or "")
    acquired = live.moment(live.field(lease, "spec", "acquireTime"))
    return _Sight(
        holder=str(live.field(lease, "spec", "holderIdentity") or ""),
        epoch=int(epoch) if epoch.isascii() and epoch.isdecimal() else 0,
        since=acquired.strftime("%Y-%m-%dT%H:%M:%SZ") if acquired else "",
        renewed=str(live.field(lease, "spec", "renewTime") or ""),
        life=live.number(lease, "spec", "leaseDurationSeconds") or _LIFE_SECONDS,
    )


def _pod(holder: str) -> str:
    """The pod of an identity: `<pod>_<eight hexadecimal digits>`."""
    return holder.rpartition("_")[0] or holder
