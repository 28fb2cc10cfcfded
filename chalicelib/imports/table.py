"""Imports in their table: one record each, written over only by who has read it."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec.structs import replace
from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.imports.taking import Import
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import ConditionFailed, Record, TableMeta, table_errors

MOST_LISTED = 20


class ImportRecord(Record):
    """One import; `taking` is the JSON of the struct. TTL: `expires_at`."""

    class Meta(TableMeta):
        table_name = settings().imports_table

    call = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    version = NumberAttribute()
    taking = UnicodeAttribute()
    expires_at = NumberAttribute()


def create(taking: Import) -> None:
    """Store a new import. Raises `Unavailable`."""
    with table_errors():
        _record(taking).save()


def put_change(old: Import, new: Import) -> Import:
    """Store `new`, a version later, in place of `old`, and give it.

    Raises `ConditionFailed` when it is not `old` that is stored any more, `Unavailable`.
    """
    new = replace(new, version=old.version + 1)
    try:
        with table_errors():
            _record(new).save(condition=ImportRecord.version == old.version)
    except ConditionFailed:
        if _find(new.call, new.id) != new:  # else our own write, repeated by the SDK after a lost reply
            raise
    return new


def find(call: str, import_id: str, now: datetime) -> Import | None:
    """The import as it is now, unless its time is over."""
    found = _find(call, import_id)
    return found if found is not None and found.expires_at > now.timestamp() else None


def newest(call: str, now: datetime) -> list[Import]:
    """The newest imports of a call, the newest first (consistent read)."""
    with table_errors():
        query = ImportRecord.query(call, scan_index_forward=False, consistent_read=True, limit=MOST_LISTED)
        found = [_import(one) for one in query]
    return [one for one in found if one.expires_at > now.timestamp()]


def _find(call: str, import_id: str) -> Import | None:
    with table_errors():
        try:
            return _import(ImportRecord.get(call, import_id, consistent_read=True))
        except ImportRecord.DoesNotExist:
            return None


def _record(taking: Import) -> ImportRecord:
    text = msgspec.json.encode(taking).decode()
    return ImportRecord(taking.call, taking.id, version=taking.version, taking=text, expires_at=taking.expires_at)


def _import(record: ImportRecord) -> Import:
    return msgspec.json.decode(record.taking, type=Import)
