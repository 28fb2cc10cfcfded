"""Published calls in their table, and the short memory of them that keeps the accept path at one AWS call.

Key `call` is the call's name; `<name>@<version>` keeps every version that was replaced, so that an old submission can
always be read with the questions it answered.
"""

from __future__ import annotations

import time

import msgspec
from msgspec.structs import replace
from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.calls.calendar import moved
from chalicelib.calls.call import Call, PublishedCall
from chalicelib.errors import NotFound
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import ConditionFailed, Record, TableMeta, table_errors

_ARCHIVED = "@"
LONGEST_NAME = 40  # characters; what is longer is no call, and might be too long for a key


class CallRecord(Record):
    """One version of a call; `definition` is the JSON of `Call`."""

    class Meta(TableMeta):
        table_name = settings().calls_table

    call = UnicodeAttribute(hash_key=True)
    version = NumberAttribute()
    published_at = UnicodeAttribute()
    definition = UnicodeAttribute()
    full_at = UnicodeAttribute(null=True)
    event_sequence = NumberAttribute(default=0)


_remembered: dict[str, tuple[float, PublishedCall]] = {}
_all: list[tuple[float, list[PublishedCall]]] = []  # one at most


def get_call(name: str, *, clock: float | None = None) -> PublishedCall:
    """The call as published, at most `calls_cache_seconds` old. Raises `NotFound`, `Unavailable`."""
    tick = time.monotonic() if clock is None else clock
    known = _remembered.get(name)
    if known is not None and tick - known[0] < settings().calls_cache_seconds:
        return known[1]
    published = read_call(name)
    if published is None:
        _remembered.pop(name, None)
        raise NotFound
    _remembered[name] = (tick, published)
    return published


def remembered_calls(*, clock: float | None = None) -> list[PublishedCall]:
    """All published calls by name, at most `calls_cache_seconds` old. Raises `Unavailable`."""
    tick = time.monotonic() if clock is None else clock
    if not _all or tick - _all[0][0] >= settings().calls_cache_seconds:
        _all[:] = [(tick, list_calls())]
    return _all[0][1]


def forget_calls() -> None:
    """Drop what is remembered; for publishing and for tests."""
    _remembered.clear()
    _all.clear()


def read_call(name: str) -> PublishedCall | None:
    """The call as it is in the table now."""
    if _ARCHIVED in name or len(name) > LONGEST_NAME:
        return None
    with table_errors():
        try:
            return _published(CallRecord.get(name, consistent_read=True))
        except CallRecord.DoesNotExist:
            return None


def list_calls() -> list[PublishedCall]:
    """All published calls in their current versions, by name."""
    with table_errors():
        records = [record for record in CallRecord.scan() if _ARCHIVED not in record.call]
    return sorted((_published(record) for record in records), key=lambda one: one.call.call)


def put_call(call: Call, *, after: PublishedCall | None, published_at: str) -> PublishedCall:
    """Publish `call` as the version after `after`. Raises `ConditionFailed` when somebody published meanwhile."""
    sequence = after.event_sequence + moved(after.call.event, call.event) if after else 0
    version = after.version + 1 if after else 1
    published = PublishedCall(call=call, version=version, published_at=published_at, event_sequence=sequence)
    # Whether it is full is counted anew: the new version may have another limit.
    definition = msgspec.json.encode(call).decode()
    name = call.call
    current = CallRecord(
        name, version=version, published_at=published_at, definition=definition, event_sequence=sequence
    )
    unchanged = CallRecord.version == after.version if after else CallRecord.call.does_not_exist()
    with table_errors():
        if after is not None:
            # What is replaced, first: whoever publishes at the same moment archives the same, and a crash in between
            # leaves an archived version beside its equal, never one that is gone.
            _archive(after)
        current.save(condition=unchanged)
    forget_calls()
    return published


def mark_full(published: PublishedCall, *, at: str | None) -> None:
    """Write down since when the call is full, or with `None` that it is not. Raises `ConditionFailed` when somebody
    published meanwhile.
    """
    record = CallRecord(published.call.call)
    action = CallRecord.full_at.set(at) if at else CallRecord.full_at.remove()
    with table_errors():
        record.update([action], condition=CallRecord.version == published.version)
    forget_calls()


def _archive(published: PublishedCall) -> None:
    name, definition = published.call.call, msgspec.json.encode(replace(published.call, full=False)).decode()
    key = f"{name}{_ARCHIVED}{published.version}"
    CallRecord(
        key,
        version=published.version,
        published_at=published.published_at,
        definition=definition,
        event_sequence=published.event_sequence,
    ).save()


def _published(record: CallRecord) -> PublishedCall:
    call = replace(msgspec.json.decode(record.definition, type=Call), full=record.full_at is not None)
    return PublishedCall(
        call=call,
        version=int(record.version),
        published_at=record.published_at,
        event_sequence=int(record.event_sequence or 0),
    )


__all__ = [
    "CallRecord",
    "ConditionFailed",
    "forget_calls",
    "get_call",
    "list_calls",
    "mark_full",
    "put_call",
    "read_call",
    "remembered_calls",
]
