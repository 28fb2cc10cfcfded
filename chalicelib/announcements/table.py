"""Announcements, and what an address has received of them, in their tables."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace
from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.announcements.announcement import Announcement
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import ConditionFailed, Record, TableMeta, table_errors

_UNSUBSCRIBED = "#unsubscribed"  # no announcement has such an id


class AnnouncementRecord(Record):
    """One announcement; `announcement` is the JSON of the struct."""

    class Meta(TableMeta):
        table_name = settings().announcements_table

    call = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    version = NumberAttribute()
    announcement = UnicodeAttribute()


class SubscriberRecord(Record):
    """What one address (`<call>#<HMAC of the address>`) received: each announcement once, however many reports it sent.

    `submission` is the report that the mail is about. TTL: `expires_at`; that somebody unsubscribed does not expire.
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


def unsubscribed(call: str, address: str) -> bool:
    """Whether an address wants no announcements."""
    with table_errors():
        try:
            SubscriberRecord.get(f"{call}#{address}", _UNSUBSCRIBED, consistent_read=True)
        except SubscriberRecord.DoesNotExist:
            return False
    return True


def take(call: str, address: str, announcement: str, submission: str, *, at: str, expires_at: int) -> bool:
    """Let this submission's mail be the one that brings an address the announcement; whether it is the one."""
    record = SubscriberRecord(f"{call}#{address}", announcement, at=at, submission=submission, expires_at=expires_at)
    nobody_else = SubscriberRecord.address.does_not_exist() | (SubscriberRecord.submission == submission)
    try:
        with table_errors():
            record.save(condition=nobody_else)
    except ConditionFailed:
        return False
    return True


def _record(announcement: Announcement) -> AnnouncementRecord:
    text = msgspec.json.encode(announcement).decode()
    return AnnouncementRecord(announcement.call, announcement.id, version=announcement.version, announcement=text)


def _announcement(record: AnnouncementRecord) -> Announcement:
    return msgspec.json.decode(record.announcement, type=Announcement)
