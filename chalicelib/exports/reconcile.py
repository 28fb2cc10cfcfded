"""Exports that nobody is building: their message was lost, or its worker died for good. Also those to be deleted, and
lists that nobody is taking over.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from chalicelib.calls.table import list_calls
from chalicelib.exports import table
from chalicelib.exports.erasure import behind, last_erasure
from chalicelib.exports.landscape_live import reconcile_landscapes
from chalicelib.imports.worker import put_back as put_back_imports
from chalicelib.jobs.messages import EraseJob, ExportJob
from chalicelib.jobs.queues import send_erase_job, send_export_job
from chalicelib.runtime.clock import moment, now
from chalicelib.runtime.logs import log

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
    log("reconciled-exports", jobs=put_back)
    return {"put_back": put_back, "landscapes": reconcile_landscapes(clock=clock)}
