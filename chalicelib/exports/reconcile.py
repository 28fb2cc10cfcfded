"""Exports that nobody is building: their message was lost, or its worker died for good. Also those to be deleted, and
lists that nobody is taking over.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.calls.table import list_calls
from chalicelib.exports import table
from chalicelib.exports.erasure import behind, last_erasure
from chalicelib.exports.landscape_live import reconcile_landscapes
from chalicelib.exports.push import wants_push
from chalicelib.imports.worker import put_back as put_back_imports
from chalicelib.jobs.messages import EraseJob, ExportJob, PushJob
from chalicelib.jobs.queues import send_erase_job, send_export_job, send_push_job
from chalicelib.runtime.clock import moment, now
from chalicelib.runtime.logs import log

if TYPE_CHECKING:
    from chalicelib.calls.call import PublishedCall

PATIENCE = timedelta(minutes=10)  # an export younger than this may simply be waiting for its turn


def reconcile_exports(*, clock: Callable[[], datetime] = now) -> dict[str, int]:
    """Queue such exports again; harmless to repeat, the claim decides. Gives how many were put back, and how many
    landscapes were asked for.
    """
    started = clock()
    put_back = 0
    for published in list_calls():
        if behind(published):
            send_erase_job(EraseJob(call=published.call.call, erased_at=last_erasure(published)))
        put_back += put_back_imports(published.call.call, now=started)
        for export in table.newest(published.call.call):
            forgotten = not table.ended(export) and export.lease_until <= started.timestamp()
            if forgotten and moment(export.snapshot_at) + PATIENCE < started:
                send_export_job(ExportJob(call=export.call, export_id=export.export_id))
                put_back += 1
        put_back += _push_again(published, started)
    log("reconciled-exports", jobs=put_back)
    return {"put_back": put_back, "landscapes": reconcile_landscapes(clock=clock)}


def _push_again(published: PublishedCall, now: datetime) -> int:
    """Ask again for the city's copy of the newest export where nobody has tried: its builder died before it asked.

    A copy that was tried and failed is among the messages, or among the dead letters with its cause.
    """
    theirs = (one for one in table.newest(published.call.call) if one.available and wants_push(one, published))
    newest = next(theirs, None)
    if newest is None or newest.finished_at is None or newest.pushed_at or newest.push_fails_since:
        return 0
    if moment(newest.finished_at) + PATIENCE >= now:
        return 0
    send_push_job(PushJob(call=newest.call, pushed=newest.export_id))
    return 1
