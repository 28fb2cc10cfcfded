"""What an organiser does with a list: bring it, say what its columns are, have it taken over, cancel."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from chalicelib.errors import N_, ChangedMeanwhile, NotFound
from chalicelib.imports import storage, table
from chalicelib.imports.rows import Columns, check_columns
from chalicelib.imports.sheet import read_list
from chalicelib.imports.taking import KEPT, RUNNING, Import, NotImportable, import_name
from chalicelib.jobs.messages import ImportJob
from chalicelib.jobs.queues import send_import_job
from chalicelib.runtime.clock import stamp
from chalicelib.runtime.logs import log
from chalicelib.runtime.table import ConditionFailed

if TYPE_CHECKING:
    from collections.abc import Collection

    from chalicelib.calls.call import PublishedCall

_TRIES = 5
LONGEST_NAME = 100  # characters of a file's name


def find(call: str, import_id: str, now: datetime) -> Import:
    """The import. Raises `NotFound`, `Unavailable`."""
    found = table.find(call, import_id, now)
    if found is None:
        raise NotFound
    return found


def bring(call: str, content: bytes, *, file: str, by: str, now: datetime, chance: str) -> Import:
    """Store a list; nothing of it is taken over yet. Raises `ListTooLarge`, `ListUnreadable`, `Unavailable`."""
    sheet = read_list(content)
    taking = Import(
        call=call,
        id=import_name(now, chance),
        state="uploaded",
        file="".join(one for one in file if one.isprintable())[-LONGEST_NAME:],
        names=sheet.columns,
        rows=len(sheet.rows),
        by=by,
        created_at=stamp(now),
        changed_at=stamp(now),
        expires_at=int((now + KEPT).timestamp()),
    )
    storage.put_sheet(taking, sheet)
    table.create(taking)
    return taking


def choose(published: PublishedCall, taking: Import, columns: Columns, *, now: datetime) -> Import:
    """Say what the columns are, and have every row checked by that. Safe to repeat.

    Raises `AnswersInvalid`, `NotImportable`, `ChangedMeanwhile`, `Unavailable`.
    """
    check_columns(published.call, columns)
    if taking.state not in {"uploaded", "checking", "checked", "failed"}:
        raise NotImportable
    new = replace(
        taking, state="checking", columns=columns, checked=None, left=(), outcomes="", attempts=0, cause="",
        changed_at=stamp(now),
    )  # fmt: skip
    return _send(_put(taking, new))


def start(published: PublishedCall, taking: Import, left: Collection[int], *, now: datetime) -> Import:
    """Have it taken over, but for the rows that are `left` out. Safe to repeat.

    Raises `NotImportable`, `ChangedMeanwhile`, `Unavailable`.
    """
    if taking.state in {"importing", "done"}:
        return _send(taking)
    if taking.state != "checked":
        raise NotImportable
    if published.version != taking.form_version:
        raise NotImportable(N_("The form of the call has changed since this list was checked. Please check it again."))
    new = replace(taking, state="importing", left=tuple(sorted(left)), attempts=0, changed_at=stamp(now))
    return _send(_put(taking, new))


def cancel(taking: Import, *, now: datetime) -> Import:
    """Stop it; what was taken over stays, the list itself is deleted. Safe to repeat; what has ended stays as it is.

    Raises `ChangedMeanwhile` where the worker is too quick for it, `Unavailable`.
    """
    for _ in range(_TRIES):
        if taking.state == "done":
            return taking
        try:
            if taking.state != "cancelled":
                taking = table.put_change(taking, replace(taking, state="cancelled", changed_at=stamp(now)))
        except ConditionFailed:
            taking = find(taking.call, taking.id, now)
        else:
            storage.forget_rows(taking)
            return taking
    raise ChangedMeanwhile


def _put(old: Import, new: Import) -> Import:
    try:
        return table.put_change(old, new)
    except ConditionFailed:
        raise ChangedMeanwhile from None


def _send(taking: Import) -> Import:
    if taking.state in RUNNING:
        send_import_job(ImportJob(call=taking.call, import_id=taking.id))
        log("import-queued", call=taking.call, kind=taking.id, state=taking.state)
    return taking
