"""Drafts in their table, by the digest of their name. TTL: `expires_at`."""

from __future__ import annotations

import msgspec
from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.intake.draft import Draft
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import Record, TableMeta, table_errors


class DraftRecord(Record):
    """One draft; `answers` is JSON in UTF-8."""

    class Meta(TableMeta):
        table_name = settings().drafts_table

    digest = UnicodeAttribute(hash_key=True)
    call = UnicodeAttribute()
    ticket = UnicodeAttribute()
    answers = UnicodeAttribute()
    expires_at = NumberAttribute()


def save_draft(draft: Draft) -> None:
    """Write a draft over whatever was there: the last save wins, as on paper."""
    answers = msgspec.json.encode(draft.answers).decode()
    record = DraftRecord(
        draft.digest, call=draft.call, ticket=draft.ticket, answers=answers, expires_at=draft.expires_at
    )
    with table_errors():
        record.save()


def find_draft(digest: str) -> Draft | None:
    """The draft, expired or not."""
    with table_errors():
        try:
            record = DraftRecord.get(digest, consistent_read=True)
        except DraftRecord.DoesNotExist:
            return None
    return Draft(
        digest=digest,
        call=record.call,
        ticket=record.ticket,
        answers=msgspec.json.decode(record.answers),
        expires_at=int(record.expires_at),
    )


def delete_draft(digest: str) -> None:
    """Remove a draft; harmless when there is none."""
    with table_errors():
        DraftRecord(digest).delete()
