"""Whether there is a landscape to look at: pages of the call link to it then. What is in it, exports know."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from chalicelib.errors import Unavailable
from chalicelib.runtime.settings import settings
from chalicelib.submissions.table import any_in

if TYPE_CHECKING:
    from chalicelib.calls.call import Call

_remembered: dict[str, tuple[float, bool]] = {}


def something_to_see(call: Call, *, clock: float | None = None) -> bool:
    """Whether anything was accepted, as known at most `calls_cache_seconds` ago. A page does not
    fail for the want of a link.
    """
    tick = time.monotonic() if clock is None else clock
    known = _remembered.get(call.call)
    if known is None or tick - known[0] >= settings().calls_cache_seconds:
        try:
            known = tick, any_in(call.call, "accepted", call.policy.shards)
        except Unavailable:
            return False
        _remembered[call.call] = known
    return known[1]


def forget_landscapes() -> None:
    """Drop what is remembered; for tests."""
    _remembered.clear()
