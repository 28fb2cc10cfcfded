"""The nightly run: an export of every call that has opened, unless nothing changed since the last one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from secrets import token_hex
from typing import Any

from chalicelib.calls.call import PublishedCall
from chalicelib.calls.table import list_calls
from chalicelib.exports import table
from chalicelib.exports.export import FORMAT, Export, export_name
from chalicelib.jobs.messages import ExportJob
from chalicelib.jobs.queues import send_export_job
from chalicelib.ledger import table as ledger
from chalicelib.ledger.entry import MAIL_STATES
from chalicelib.runtime.clock import moment, now, stamp
from chalicelib.runtime.logs import log
from chalicelib.runtime.settings import settings
from chalicelib.submissions import table as submissions
from chalicelib.submissions.submission import STATES, State


def request_exports(scheduled_at: str, *, clock: Callable[[], datetime] = now) -> dict[str, Any]:
    """Ask for tonight's exports. `scheduled_at` is the schedule's time: a repeated event asks for the same ones."""
    started = clock()
    exports = []
    for published in list_calls():
        if published.call.phase(started) == "not-yet":
            continue
        name = published.call.call
        last = next((one for one in table.newest(name) if one.available), None)
        if last is not None and last.still_true(
            last_change=last_change(published), form_version=published.version, now=started
        ):
            table.note_unchanged(last, at=stamp(started))
            exports.append({"call": name, "export_id": last.export_id, "unchanged": True})
            continue
        export_id = export_name(moment(scheduled_at), "nightly")
        asked = request_export(published, export_id=export_id, requested_by="nightly", now=started)
        exports.append({"call": name, "export_id": asked.export_id, "unchanged": False})
    log("nightly", count=len(exports), jobs=sum(not one["unchanged"] for one in exports))
    return {"exports": exports}


def request_export(published: PublishedCall, *, export_id: str | None, requested_by: str, now: datetime) -> Export:
    """Record an export and queue its job; safe to repeat with the same `export_id`. Raises `Unavailable`."""
    call = published.call.call
    wanted = Export(
        call=call,
        export_id=export_id or export_name(now, token_hex(3)),
        state="queued",
        snapshot_at=stamp(now),
        requested_by=requested_by,
        form_version=published.version,
        format=FORMAT,
    )
    export = table.create(wanted)
    if not table.ended(export):
        send_export_job(ExportJob(call=call, export_id=export.export_id), delay=settings().export_settle_seconds)
    return export


def last_change(published: PublishedCall) -> str:
    """The stamp of the newest change to the call's submissions or mails, by the indexes; empty when there is none.

    What was erased counts: it must not stand in the newest export any more.
    """
    call = published.call
    states: tuple[State, ...] = (*STATES, "erased")
    stamps = [
        submissions.last_change(call.call, state, shard) for state in states for shard in range(call.policy.shards)
    ]
    stamps += [ledger.last_change(call.call, state) for state in MAIL_STATES]
    return max(one or "" for one in stamps)
