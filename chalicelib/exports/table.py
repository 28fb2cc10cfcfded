"""Exports in their table: state, progress, counts, files."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.exports.export import ENDED, MOST_ATTEMPTS, Export, ExportState, Progress, Summary
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import ConditionFailed, Record, TableMeta, table_errors

_NOBODY = "nobody"


class ExportRecord(Record):
    """One export; `progress` and `summary` are JSON texts."""

    class Meta(TableMeta):
        table_name = settings().exports_table

    call = UnicodeAttribute(hash_key=True)
    export_id = UnicodeAttribute(range_key=True)
    state = UnicodeAttribute()
    snapshot_at = UnicodeAttribute()
    requested_by = UnicodeAttribute()
    form_version = NumberAttribute()
    attempts = NumberAttribute()
    lease_until = NumberAttribute()
    progress = UnicodeAttribute()
    owner = UnicodeAttribute(null=True)
    summary = UnicodeAttribute(null=True)
    finished_at = UnicodeAttribute(null=True)
    cause = UnicodeAttribute(null=True)
    checkpoint = UnicodeAttribute(null=True)
    unchanged_at = UnicodeAttribute(null=True)
    deleted_at = UnicodeAttribute(null=True)
    pushed_at = UnicodeAttribute(null=True)
    push_fails_since = UnicodeAttribute(null=True)
    push_cause = UnicodeAttribute(null=True)
    format = NumberAttribute(null=True)


def create(export: Export) -> Export:
    """Record a new export; where the same id exists already, that one is given."""
    record = ExportRecord(
        export.call,
        export.export_id,
        state=export.state,
        snapshot_at=export.snapshot_at,
        requested_by=export.requested_by,
        form_version=export.form_version,
        attempts=0,
        lease_until=0,
        progress=_json(export.progress),
        format=export.format,
    )
    try:
        with table_errors():
            record.save(condition=ExportRecord.export_id.does_not_exist())
    except ConditionFailed:
        return find(export.call, export.export_id) or export
    return export


def find(call: str, export_id: str) -> Export | None:
    """The export as it is now (consistent read), or `None`."""
    with table_errors():
        try:
            return _export(ExportRecord.get(call, export_id, consistent_read=True))
        except ExportRecord.DoesNotExist:
            return None


def newest(call: str, *, most: int = 50) -> list[Export]:
    """The newest exports of a call, newest first."""
    with table_errors():
        query = ExportRecord.query(call, scan_index_forward=False, limit=most, consistent_read=True)
        return [_export(record) for record in query]


def claim(call: str, export_id: str, *, owner: str, now: int, lease: int) -> Export | None:
    """Take the right to build for `lease` seconds; `None` when it has ended or somebody else is building."""
    free = ExportRecord.state.is_in("queued", "building") & (ExportRecord.lease_until <= now)
    actions = [
        ExportRecord.state.set("building"),
        ExportRecord.owner.set(owner),
        ExportRecord.lease_until.set(now + lease),
        ExportRecord.attempts.set(ExportRecord.attempts + 1),
    ]
    try:
        return _update(call, export_id, actions, free | (ExportRecord.owner == owner))
    except ConditionFailed:
        return None


def report(export: Export, progress: Progress) -> None:
    """Write down how far the builder is. Raises `ConditionFailed` when the claim is no longer ours."""
    _update(
        export.call, export.export_id, [ExportRecord.progress.set(_json(progress))], ExportRecord.owner == export.owner
    )


def keep(export: Export, summary: Summary) -> None:
    """All files are written and stay as they are. Raises `ConditionFailed` when the claim is no longer ours."""
    actions = [ExportRecord.summary.set(_json(summary))]
    _update(export.call, export.export_id, actions, ExportRecord.owner == export.owner)


def pause(export: Export, checkpoint: str) -> None:
    """The builder's time is up: another one goes on from `checkpoint`. Raises `ConditionFailed` as `report` does.

    Attempts begin anew: it got somewhere.
    """
    actions = [
        ExportRecord.checkpoint.set(checkpoint),
        ExportRecord.lease_until.set(0),
        ExportRecord.attempts.set(0),
    ]
    _update(export.call, export.export_id, actions, ExportRecord.owner == export.owner)


def finish(export: Export, summary: Summary, *, at: str) -> Export:
    """It is whole and visible. Raises `ConditionFailed` when the claim is no longer ours."""
    actions: list[Action] = [
        ExportRecord.summary.set(_json(summary)),
        ExportRecord.cause.remove(),
        ExportRecord.checkpoint.remove(),
        *_ended("ready", at),
    ]
    return _update(export.call, export.export_id, actions, ExportRecord.owner == export.owner)


def give_back(export: Export, *, cause: str, at: str) -> Export:
    """The builder failed: give the claim back, or give up after `MOST_ATTEMPTS`."""
    actions: list[Action] = [ExportRecord.lease_until.set(0), ExportRecord.cause.set(cause)]
    actions += _ended("failed", at) if export.attempts >= MOST_ATTEMPTS else []
    return _update(export.call, export.export_id, actions, ExportRecord.owner == export.owner)


def cancel(call: str, export_id: str, *, at: str) -> Export | None:
    """Stop it, unless it has ended. `None` when there was nothing to stop.

    Its builder notices at its next step; until the end of its lease it may still write.
    """
    actions = [ExportRecord.owner.set(_NOBODY), *_ended("cancelled", at)]
    try:
        return _update(call, export_id, actions, ExportRecord.state.is_in("queued", "building"))
    except ConditionFailed:
        return None


def note_unchanged(export: Export, *, at: str) -> None:
    """A nightly run found nothing new since this export."""
    _update(export.call, export.export_id, [ExportRecord.unchanged_at.set(at)], ExportRecord.export_id.exists())


def note_deleted(export: Export, *, at: str) -> None:
    """Its files are gone."""
    actions = [ExportRecord.deleted_at.set(at), ExportRecord.checkpoint.remove()]
    _update(export.call, export.export_id, actions, ExportRecord.export_id.exists())


def note_pushed(export: Export, *, at: str) -> None:
    """The city has its copy, whatever went wrong before."""
    actions = [
        ExportRecord.pushed_at.set(at),
        ExportRecord.push_fails_since.remove(),
        ExportRecord.push_cause.remove(),
    ]
    _update(export.call, export.export_id, actions, ExportRecord.export_id.exists())


def note_push_failed(export: Export, *, cause: str, at: str) -> None:
    """The copy failed; since when is kept. Raises `ConditionFailed` where the city has its copy already."""
    actions = [
        ExportRecord.push_fails_since.set(ExportRecord.push_fails_since | at),
        ExportRecord.push_cause.set(cause),
    ]
    condition = ExportRecord.export_id.exists() & ExportRecord.pushed_at.does_not_exist()
    _update(export.call, export.export_id, actions, condition)


def ended(export: Export | None) -> bool:
    """Whether nothing more will happen to it."""
    return export is None or export.state in ENDED


def _ended(state: ExportState, at: str) -> list[Action]:
    return [ExportRecord.state.set(state), ExportRecord.finished_at.set(at)]


def _update(call: str, export_id: str, actions: Sequence[Action], condition: Condition) -> Export:
    record = ExportRecord(call, export_id)
    with table_errors():
        record.update(list(actions), condition=condition)
    return _export(record)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _export(record: ExportRecord) -> Export:
    return Export(
        call=record.call,
        export_id=record.export_id,
        state=record.state,  # type: ignore[arg-type]
        snapshot_at=record.snapshot_at,
        requested_by=record.requested_by,
        form_version=int(record.form_version),
        attempts=int(record.attempts),
        lease_until=int(record.lease_until),
        owner=record.owner or "",
        progress=msgspec.json.decode(record.progress, type=Progress),
        summary=msgspec.json.decode(record.summary, type=Summary) if record.summary else None,
        finished_at=record.finished_at,
        cause=record.cause or "",
        checkpoint=record.checkpoint or "",
        unchanged_at=record.unchanged_at,
        deleted_at=record.deleted_at,
        pushed_at=record.pushed_at,
        push_fails_since=record.push_fails_since,
        push_cause=record.push_cause or "",
        format=int(record.format or 1),
    )
