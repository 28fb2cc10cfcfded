"""What is erased or withdrawn leaves the exports, too: the newest is built anew, and those before it are deleted.

Nothing is remembered for that: the index tells when something was last erased, and the exports' own table which of them
are older. So this may be done at any time, any number of times, by whoever comes: the job that the relay makes of an
erasure, the end of every build, reconcile. First the new one is built, then the old ones go, so that the pointer always
names a whole export.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.calls.table import read_call
from chalicelib.exports import storage, table
from chalicelib.exports.nightly import request_export
from chalicelib.jobs.messages import EraseJob
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.logs import log
from chalicelib.submissions import table as submissions
from chalicelib.submissions.submission import State

if TYPE_CHECKING:
    from chalicelib.calls.call import PublishedCall
    from chalicelib.exports.export import Export

_GONE: tuple[State, ...] = ("erased", "withdrawn")
_ASKED_BY = "erasure"
_MOST = 1000  # exports of one call that the bucket may still hold; they expire after two weeks


def erase(job: EraseJob, *, clock: Callable[[], datetime] = now) -> None:
    """Let an erasure reach the exports of a call. Raises `Unavailable`."""
    published = read_call(job.call)
    if published is not None:
        sweep(published, clock=clock, erased_at=job.erased_at)


def sweep(published: PublishedCall, *, clock: Callable[[], datetime], erased_at: str = "") -> None:
    """Delete the exports that may hold what was erased since, once there is a newer one; else ask for that.

    `erased_at` is a stamp that the index may not know yet. Raises `Unavailable`.
    """
    call = published.call.call
    exports = _kept(call)
    if not exports:
        return
    last = max(erased_at, last_erasure(published))
    older = [one for one in exports if one.snapshot_at < last]
    if not older:
        return
    newer = [one for one in exports if one.snapshot_at >= last]
    if any(one.available for one in newer):
        for one in older:
            _delete(one, clock())
    elif not any(not table.ended(one) for one in newer):
        export = request_export(published, export_id=None, requested_by=_ASKED_BY, now=clock())
        log("export-after-erasure", call=call, export=export.export_id)


def behind(published: PublishedCall) -> bool:
    """Whether there are exports that may hold what was erased since."""
    last = last_erasure(published)
    return any(one.snapshot_at < last for one in _kept(published.call.call))


def _kept(call: str) -> list[Export]:
    return [one for one in table.newest(call, most=_MOST) if one.deleted_at is None]


def last_erasure(published: PublishedCall) -> str:
    """When something was last erased or withdrawn (UTC stamp), by the index; empty when nothing was."""
    shards = range(published.call.policy.shards)
    stamps = (submissions.last_change(published.call.call, state, shard) for state in _GONE for shard in shards)
    return max((one or "" for one in stamps), default="")


def _delete(export: Export, at: datetime) -> None:
    """Delete its files in every version; one that is still being built is stopped first."""
    if not table.ended(export):
        export = table.cancel(export.call, export.export_id, at=stamp(at)) or export
    if export.state == "cancelled" and export.lease_until > at.timestamp():
        # Its builder may be about to write: it deletes what there is when it notices, or a later sweep does.
        return
    storage.delete_all(export.prefix)
    table.note_deleted(export, at=stamp(at))
    log("export-deleted", call=export.call, export=export.export_id)
