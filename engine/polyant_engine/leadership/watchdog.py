"""The watchdog of a leader: ends the process even when no line of Python runs any more.

faulthandler waits in a thread of C, on the monotonic clock. So it strikes while the interpreter is
stuck, and right after a thaw when its time came during a freeze. It prints where every thread was.
"""

import faulthandler
import sys

SOONEST_SECONDS = 0.001


class FaulthandlerWatchdog:
    """There is one timer in a process, and so one of these."""

    def arm(self, seconds: float) -> None:
        """End the process after so many seconds; the last word counts."""
        faulthandler.dump_traceback_later(
            max(seconds, SOONEST_SECONDS), exit=True, file=sys.__stderr__ or sys.stderr
        )

    def disarm(self) -> None:
        """Let the process live."""
        faulthandler.cancel_dump_traceback_later()
