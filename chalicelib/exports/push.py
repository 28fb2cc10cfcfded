"""Copies for the city: a call may name a bucket of the city's own that gets each nightly export. Off by default.

Three have to agree: the call names the bucket, the stack's parameter `PushBucketArn` lets the worker write to it, and
the bucket's own policy lets the worker's role in. The manifest comes last, so that what it names is there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.calls.table import read_call
from chalicelib.errors import Unavailable
from chalicelib.exports import storage, table
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.logs import log
from chalicelib.runtime.table import ConditionFailed

if TYPE_CHECKING:
    from chalicelib.calls.call import PublishedCall
    from chalicelib.exports.export import Export
    from chalicelib.jobs.messages import PushJob

_SCHEDULED = frozenset({"nightly", "erasure"})  # who asks for an export by itself


def wants_push(export: Export, published: PublishedCall) -> bool:
    """Whether the city gets a copy: of what the night makes, and of what takes the place of it."""
    return published.call.exports.push is not None and export.requested_by in _SCHEDULED


def push(job: PushJob, *, clock: Callable[[], datetime] = now) -> None:
    """Copy an export to the bucket that its call names, and write down what became of it; safe to repeat. Raises
    `Unavailable`, `NotCopied`, and then the message stays: it ends among the dead letters, where an alarm tells of it.
    """
    published, export = read_call(job.call), table.find(job.call, job.pushed)
    if published is None or published.call.exports.push is None:
        return
    if export is None or not export.available or export.summary is None:
        return
    to = published.call.exports.push
    folder = f"{to.prefix.strip('/')}/".lstrip("/") + f"{job.call}/{job.pushed}/"
    names = [*(one.name for one in export.summary.files), "manifest.json"]
    try:
        for name in names:
            storage.copy_out(export, name, bucket=to.bucket, key=folder + name)
    except (Unavailable, storage.NotCopied) as error:
        cause = error.cause if isinstance(error, storage.NotCopied) else "unreachable"
        # It is for people to read: why the copy failed counts more than that this could not be written down.
        with suppress(Unavailable, ConditionFailed):
            table.note_push_failed(export, cause=cause, at=stamp(clock()))
        raise
    table.note_pushed(export, at=stamp(clock()))
    log("export-pushed", call=job.call, export=job.pushed, count=len(names))
