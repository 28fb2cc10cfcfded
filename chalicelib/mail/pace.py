"""The pace of sending: how many mails a second one worker hands to SES.

Workers do not know of each other. The queue's maximum concurrency says how many there are at most, so each takes its
share of the rate that SES lets the account; what is still too fast SES refuses, and the ledger waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """One worker's pace, kept between its batches."""

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap = 1 / per_second if per_second > 0 else 0.0
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0

    def wait(self) -> None:
        """Wait for this worker's next turn; not at all where no pace is set."""
        now = self._clock()
        if self._next > now:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + self._gap
