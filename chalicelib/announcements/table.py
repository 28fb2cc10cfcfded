"""Announcements, and what an address has received of them, in their tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace
from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.announcements.announcement import Announcement
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import ConditionFailed, Record, TableMeta, table_errors

_UNSUBSCRIBED = "#unsubscribed"  # no announcement has such an id
_BATCH = 100  # BatchGetItem takes no more keys


class AnnouncementRecord(Record):
    """One announcement; `announcement` is the JSON of the struct."""

    class Meta(TableMeta):
        table_name = settings().announcements_table

    call = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    version = NumberAttribute()
    announcement = UnicodeAttribute()


class SubscriberRecord(Record):
    """What an address (`<call>#<HMAC of the address>`) is to get: each announcement once, however many reports it sent.

    `announcement` is its reservation, `submission` the report that the mail is about. TTL: `expires_at`; that somebody
    unsubscribed does not expire.
    """

    class Meta(TableMeta):
        table_name = settings().subscribers_table

    address = UnicodeAttribute(hash_key=True)
    announcement = UnicodeAttribute(range_key=True)
    at = UnicodeAttribute()
    submission = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)


def create(announcement: Announcement) -> bool:
    """Store a new announcement; whether there was none of its id."""
    try:
        with table_errors():
            _record(announcement).save(condition=AnnouncementRecord.id.does_not_exist())
    except ConditionFailed:
        return False
    return True


def put_change(old: Announcement, new: Announcement) -> Announcement:
    """Store `new`, a version later, in place of `old`, and give it.

    Raises `ConditionFailed` when it is not `old` that is stored any more.
    """
    new = replace(new, version=old.version + 1)
    try:
        with table_errors():
            _record(new).save(condition=AnnouncementRecord.version == old.version)
    except ConditionFailed:
        if find(new.call, new.id) != new:  # else our own write, repeated by the SDK after a lost reply
            raise
    return new


def find(call: str, announcement_id: str) -> Announcement | None:
    """The announcement as it is now."""
    with table_errors():
        try:
            return _announcement(AnnouncementRecord.get(call, announcement_id, consistent_read=True))
        except AnnouncementRecord.DoesNotExist:
            return None


def announcements_of(call: str) -> list[Announcement]:
    """All announcements of a call, newest first."""
    with table_errors():
        found = [_announcement(one) for one in AnnouncementRecord.query(call, consistent_read=True)]
    return sorted(found, key=lambda one: one.created_at, reverse=True)


def unsubscribe(call: str, address: str, *, at: str) -> None:
    """Write down that an address (its digest) wants no more announcements of a call; harmless to repeat."""
    with table_errors():
        SubscriberRecord(f"{call}#{address}", _UNSUBSCRIBED, at=at).save()


def unsubscribed(call: str, addresses: Sequence[str]) -> set[str]:
    """Those of many addresses that want no announcements."""
    found = _subscribers((f"{call}#{one}", _UNSUBSCRIBED) for one in addresses)
    return {_digest(one) for one in found}


def holders(call: str, addresses: Sequence[str], reservation: str) -> dict[str, str]:
    """By address the id of the submission whose mail brings it an announcement, for those of many that get it."""
    found = _subscribers((f"{call}#{one}", reservation) for one in addresses)
    return {_digest(one): str(one.submission) for one in found}


def standing(call: str, address: str, reservation: str) -> tuple[bool, str | None]:
    """Whether an address wants no announcements, and the submission whose mail brings it this one, if it gets it."""
    asked = [(f"{call}#{address}", one) for one in (_UNSUBSCRIBED, reservation)]
    found = {one.announcement: one for one in _subscribers(asked)}
    holder = found.get(reservation)
    return _UNSUBSCRIBED in found, holder.submission if holder else None


def take(call: str, address: str, reservation: str, submission: str, *, at: str, expires_at: int) -> bool:
    """Let this submission's mail be the one that brings an address the announcement; whether it is the one."""
    record = SubscriberRecord(f"{call}#{address}", reservation, at=at, submission=submission, expires_at=expires_at)
    nobody_else = SubscriberRecord.address.does_not_exist() | (SubscriberRecord.submission == submission)
    try:
        with table_errors():
            record.save(condition=nobody_else)
    except ConditionFailed:
        return False
    return True


def forget(call: str, address: str, submission: str) -> None:
    """Delete what an address was to get for a submission that is erased; safe to repeat.

    That it wants no announcements stays: it was said for all of its reports, and names none.
    """
    with table_errors():
        for record in SubscriberRecord.query(f"{call}#{address}", consistent_read=True):
            if record.submission == submission:
                record.delete()


def _subscribers(keys: Iterable[tuple[str, str]]) -> list[SubscriberRecord]:
    wanted = list(dict.fromkeys(keys))
    with table_errors():
        return [
            record
            for start in range(0, len(wanted), _BATCH)
            for record in SubscriberRecord.batch_get(wanted[start : start + _BATCH], consistent_read=True)
        ]


def _digest(record: SubscriberRecord) -> str:
    return record.address.rpartition("#")[2]


def _record(announcement: Announcement) -> AnnouncementRecord:
    text = msgspec.json.encode(announcement).decode()
    return AnnouncementRecord(announcement.call, announcement.id, version=announcement.version, announcement=text)


def _announcement(record: AnnouncementRecord) -> Announcement:
    return msgspec.json.decode(record.announcement, type=Announcement)
