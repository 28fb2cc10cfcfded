"""Counting a call: the figures that organisers see, with the newest export beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from msgspec.structs import replace

from chalicelib.calls.table import get_call
from chalicelib.errors import NotFound
from chalicelib.exports.table import newest
from chalicelib.figures.figures import LastExport, count_figures
from chalicelib.figures.table import put
from chalicelib.ledger import table as ledger
from chalicelib.ledger.entry import MAIL_STATES
from chalicelib.ledger.overdue import count_overdue
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.logs import log
from chalicelib.submissions.listing import outlines

if TYPE_CHECKING:
    from chalicelib.jobs.messages import FiguresJob

MOST_MAILS = 100_000  # of one state; beyond that the figure stands still


def count_call(job: FiguresJob, *, clock: Callable[[], datetime] = now) -> None:
    """Count and store, unless that is there already. Safe to repeat. Raises `Unavailable`."""
    try:
        call = get_call(job.call).call
    except NotFound:
        return
    started = clock()
    found = chain.from_iterable(outlines(call.call, shard) for shard in range(call.policy.shards))
    figures = count_figures(call, found, at=stamp(started), now=started)
    last = next(iter(newest(call.call, most=1)), None)
    export = (
        LastExport(
            export_id=last.export_id,
            state=last.state,
            snapshot_at=last.snapshot_at,
            counts=last.summary.counts if last.summary else {},
            adds_up=not (last.summary and last.summary.differences),
        )
        if last
        else None
    )
    mails = {state: ledger.count(call.call, state, most=MOST_MAILS) for state in MAIL_STATES}
    stuck = count_overdue(call.call, started)
    put(call.call, replace(figures, mails=mails, mails_overdue=stuck, export=export))
    log("counted", call=call.call, count=figures.total)
