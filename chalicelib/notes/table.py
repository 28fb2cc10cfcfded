"""Notes in their table: written once, gone with the submission."""

from __future__ import annotations

from msgspec import Struct
from pynamodb.attributes import UnicodeAttribute

from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import Record, TableMeta, table_errors


class Note(Struct, frozen=True):
    """What one organiser wrote about a submission; `at` is a UTC stamp and a few characters that tell a repeat."""

    submission_id: str
    at: str
    who: str
    text: str


class NoteRecord(Record):
    """One note."""

    class Meta(TableMeta):
        table_name = settings().notes_table

    submission_id = UnicodeAttribute(hash_key=True)
    at = UnicodeAttribute(range_key=True)
    who = UnicodeAttribute()
    text = UnicodeAttribute()


def notes_of(submission_id: str) -> list[Note]:
    """All notes about a submission, oldest first."""
    with table_errors():
        found = NoteRecord.query(submission_id, consistent_read=True)
        return [Note(one.submission_id, one.at, one.who, one.text) for one in found]


def forget_notes(submission_id: str) -> None:
    """Delete all notes about a submission; safe to repeat."""
    with table_errors():
        found = list(NoteRecord.query(submission_id, consistent_read=True))
        with NoteRecord.batch_write() as batch:
            for record in found:
                batch.delete(record)
