"""The limit of a call: soft, counted beside the way of a submission, so that accepting stays one write.

What counts is what somebody confirmed and did not withdraw. A burst may overshoot: nothing that was accepted is refused
afterwards, the call merely stops taking more.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.calls.table import list_calls, mark_full
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.logs import log
from chalicelib.runtime.table import ConditionFailed
from chalicelib.submissions.listing import count

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.submissions.submission import State

COUNTED: tuple[State, ...] = ("confirmed", "accepted", "rejected", "duplicate")


def close_full_calls(*, clock: Callable[[], datetime] = now) -> dict[str, int]:
    """Close every call that has reached its limit, and open what has fallen below it again; gives how many of each.

    Harmless to repeat. A call published meanwhile is left for the next time.
    """
    closed = opened = 0
    for published in list_calls():
        call = published.call
        full = call.policy.limit is not None and counted(call) >= call.policy.limit
        if full == call.full:
            continue
        try:
            mark_full(published, at=stamp(clock()) if full else None)
        except ConditionFailed:
            continue
        closed, opened = closed + full, opened + (not full)
        log("call-full" if full else "call-open-again", call=call.call)
    return {"closed": closed, "opened": opened}


def counted(call: Call) -> int:
    """How many submissions count towards the limit."""
    return sum(count(call.call, state, shard) for state in COUNTED for shard in range(call.policy.shards))
