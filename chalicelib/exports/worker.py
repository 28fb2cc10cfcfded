"""The export worker: claim, build, and say so when it failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from math import ceil
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.calls.table import get_call
from chalicelib.exports import storage, table
from chalicelib.exports.builder import TimeIsUp, build
from chalicelib.exports.counting import count_call
from chalicelib.exports.erasure import erase, sweep
from chalicelib.exports.export import MOST_ATTEMPTS, Export
from chalicelib.exports.landscape_live import refresh
from chalicelib.exports.push import push, wants_push
from chalicelib.imports.worker import take_over
from chalicelib.jobs.batches import TryLater, work_through
from chalicelib.jobs.messages import EraseJob, ExportJob, FiguresJob, ImportJob, LandscapeJob, PushJob
from chalicelib.jobs.queues import send_export_job, send_push_job
from chalicelib.runtime.clock import moment, now, stamp
from chalicelib.runtime.logs import log, log_fault
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import ConditionFailed

if TYPE_CHECKING:
    from chalicelib.calls.call import PublishedCall


TimeLeft = Callable[[], float]  # seconds
_SPARE = 0.2  # of an invocation's time: enough to leave a checkpoint, and for the small files at the end
_FOR_EVER: TimeLeft = lambda: 1e9  # noqa: E731 - a default


def build_exports(records: Sequence[dict[str, Any]], context: Any) -> dict[str, Any]:
    """Do what each SQS record asks for; the answer is a partial batch response. `context` is Lambda's."""

    def time_left() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000

    return work_through(records, dict[str, Any], lambda message: _work(message, time_left))


def _work(message: dict[str, Any], time_left: TimeLeft) -> None:
    if "asked_at" in message:
        refresh(msgspec.convert(message, LandscapeJob))
    elif "figures_at" in message:
        count_call(msgspec.convert(message, FiguresJob))
    elif "erased_at" in message:
        erase(msgspec.convert(message, EraseJob))
    elif "import_id" in message:
        take_over(msgspec.convert(message, ImportJob), time_left=time_left)
    elif "pushed" in message:
        push(msgspec.convert(message, PushJob))
    else:
        work(msgspec.convert(message, ExportJob), time_left=time_left)


def work(job: ExportJob, *, clock: Callable[[], datetime] = now, time_left: TimeLeft = _FOR_EVER) -> None:
    """Build one export, or go on building it, unless it has ended. Raises `TryLater` where the message must come back.

    A builder that has used up four fifths of its time leaves a checkpoint and a message for the next one.
    """
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
    _build(claimed, published, clock, time_left)


def _build(export: Export, published: PublishedCall, clock: Callable[[], datetime], time_left: TimeLeft) -> None:
    spare = time_left() * _SPARE
    names: dict[str, str | int] = {"call": export.call, "export": export.export_id}
    try:
        finished = build(export, published, clock=clock, enough=lambda: time_left() > spare)
    except TimeIsUp:
        log("export-goes-on", **names)
        send_export_job(ExportJob(export.call, export.export_id))
        return
    except ConditionFailed:
        if _cancelled(export, clock):
            return
        log("export-claim-lost", **names)
        raise TryLater from None
    except Exception as error:  # noqa: BLE001 - whatever it was, the claim is given back and the cause is kept
        log_fault("export-failed", error, attempt=export.attempts, **names)
        given_back = table.give_back(export, cause=type(error).__name__, at=stamp(clock()))
        if given_back.state == "failed":
            return
        raise TryLater from None
    log("export-ready", count=finished.progress.written, **names)
    _follow(finished, published, clock)


def _follow(export: Export, published: PublishedCall, clock: Callable[[], datetime]) -> None:
    """What an export that is ready causes: older ones may go now, and the city's own bucket gets a copy."""
    if wants_push(export, published):
        send_push_job(PushJob(call=export.call, pushed=export.export_id))
    sweep(published, clock=clock)


def _cancelled(export: Export, clock: Callable[[], datetime]) -> bool:
    """Clean up after an export that was cancelled while it was built."""
    found = table.find(export.call, export.export_id)
    if found is None or found.state != "cancelled":
        return False
    storage.delete_all(export.prefix)
    table.note_deleted(export, at=stamp(clock()))
    log("export-cancelled", call=export.call, export=export.export_id)
    return True


def settled_at(export: Export) -> datetime:
    """From when on everything stamped before the snapshot has surely landed in the table."""
    return moment(export.snapshot_at) + timedelta(seconds=settings().export_settle_seconds)
