"""The right to send ends by itself, two seconds after it was asked for."""

import pytest

from polyant_engine.channels.permits import PERMIT_SECONDS, TimedPermit
from polyant_engine.channels.ports import PermitExpired
from polyant_engine.core import clock


def test_a_permit_is_good_until_its_time() -> None:
    TimedPermit(100.0, now=lambda: 100.0 + PERMIT_SECONDS - 0.001).check()


def test_a_permit_of_a_process_that_was_frozen_is_none() -> None:
    with pytest.raises(PermitExpired):
        TimedPermit(100.0, now=lambda: 100.0 + PERMIT_SECONDS).check()


def test_its_clock_is_this_machine_s() -> None:
    TimedPermit(clock.boottime()).check()
