"""The export worker: claim, build, and say so when it failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from math import ceil
from secrets import token_hex
from typing import Any

import msgspec

from chalicelib.calls.table import get_call
from chalicelib.exports import table
from chalicelib.exports.builder import build
from chalicelib.exports.counting import count_call
from chalicelib.exports.export import MOST_ATTEMPTS, Export
from chalicelib.exports.landscape_live import refresh
from chalicelib.jobs.batches import TryLater, work_through
from chalicelib.jobs.messages import ExportJob, FiguresJob, LandscapeJob
from chalicelib.jobs.queues import send_export_job
from chalicelib.runtime.clock import moment, now, stamp
from chalicelib.runtime.logs import log, log_fault
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import ConditionFailed


def build_exports(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Build the export, or refresh the landscape, of each SQS record; the answer is a partial batch response."""
    return work_through(records, dict[str, Any], _work)


def _work(message: dict[str, Any]) -> None:
    if "asked_at" in message:
        refresh(msgspec.convert(message, LandscapeJob))
    elif "figures_at" in message:
        count_call(msgspec.convert(message, FiguresJob))
    else:
        work(msgspec.convert(message, ExportJob))


def work(job: ExportJob, *, clock: Callable[[], datetime] = now) -> None:
    """Build one export, unless it has ended. Raises `TryLater` where the message must come back."""
    export = table.find(job.call, job.export_id)
    if export is None or table.ended(export):
        return
    wait = settled_at(export) - clock()
    if wait > timedelta(0):
        send_export_job(job, delay=ceil(wait.total_seconds()))
        return
    published = get_call(job.call)
    lease, claimed_at = settings().export_lease_seconds, int(clock().timestamp())
    claimed = table.claim(job.call, job.export_id, owner=token_hex(8), now=claimed_at, lease=lease)
    if claimed is None:
        if table.ended(table.find(job.call, job.export_id)):
            return
        raise TryLater
    if claimed.attempts > MOST_ATTEMPTS:
        # Every worker died without a word: reconcile must not keep this going for ever.
        table.give_back(claimed, cause="attempts-used-up", at=stamp(clock()))
        log("export-given-up", call=job.call, export=job.export_id, attempt=claimed.attempts)
        return
    try:
        finished = build(claimed, published, clock=clock)
    except ConditionFailed:
        log("export-claim-lost", call=job.call, export=job.export_id)
        raise TryLater from None
    except Exception as error:  # noqa: BLE001 - whatever it was, the claim is given back and the cause is kept
        log_fault("export-failed", error, call=job.call, export=job.export_id, attempt=claimed.attempts)
        given_back = table.give_back(claimed, cause=type(error).__name__, at=stamp(clock()))
        if given_back.state == "failed":
            return
        raise TryLater from None
    log("export-ready", call=job.call, export=job.export_id, count=finished.progress.written)


def settled_at(export: Export) -> datetime:
    """From when on everything stamped before the snapshot has surely landed in the table."""
    return moment(export.snapshot_at) + timedelta(seconds=settings().export_settle_seconds)
