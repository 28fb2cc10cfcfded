"""How busy a call is, as this process sees it: what the proof of work costs a visitor just now.

Kept in memory and nowhere else, so that looking takes no AWS call; decision 0010 argues why one process's view is
enough.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

WINDOW = 300.0
"""Seconds that are looked back on."""
QUIET, BUSY = 30, 600
"""Tickets and reports in the window: up to `QUIET` the work is least, from `BUSY` on it is most."""
LEAST, MOST = 2_000, 32_000
"""Tries: the answer is drawn among so many, so half of them are needed on average and never more."""


def tries(recent: int) -> int:
    """Among how many numbers the answer hides, when `recent` tickets and reports were seen in the window."""
    above = min(max(recent, QUIET), BUSY) - QUIET
    return LEAST + (MOST - LEAST) * above // (BUSY - QUIET)


class Load:
    """The moments of the last tickets and reports of each call; at most `BUSY` are remembered, more change nothing."""

    def __init__(self) -> None:
        self._moments: dict[str, deque[float]] = {}

    def note(self, call: str, now: datetime) -> None:
        """A ticket was given out, or a report taken."""
        self._of(call).append(now.timestamp())

    def recent(self, call: str, now: datetime) -> int:
        """How many there were in the window before `now`."""
        moments = self._of(call)
        while moments and moments[0] <= now.timestamp() - WINDOW:
            moments.popleft()
        return len(moments)

    def forget(self) -> None:
        """Drop what is remembered; for tests."""
        self._moments.clear()

    def _of(self, call: str) -> deque[float]:
        return self._moments.setdefault(call, deque(maxlen=BUSY))


LOAD = Load()
"""What this process has seen."""
