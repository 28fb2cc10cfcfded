"""Revisions in their table, and the two writes that concern more than the submission: its change and its end."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.ledger.table import MailRecord
from chalicelib.notes.table import forget_notes
from chalicelib.revisions.revision import Revision, revision_of
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import Record, TableMeta, table_errors, transaction
from chalicelib.submissions import table as submissions
from chalicelib.submissions.submission import ConsentRecord, Submission

_MOST_IN_ONE = 100  # TransactWriteItems takes no more


class RevisionRecord(Record):
    """One revision; `answers` and `consents` are JSON in UTF-8."""

    class Meta(TableMeta):
        table_name = settings().revisions_table

    submission_id = UnicodeAttribute(hash_key=True)
    at = UnicodeAttribute(range_key=True)
    answers = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    form_version = NumberAttribute()
    consents = UnicodeAttribute()


def put_change(old: Submission, new: Submission, others: Sequence[tuple[Submission, Submission]] = ()) -> None:
    """Store `new` in place of `old` and keep `old`'s answers, both or neither; with them what follows for `others`.

    Raises `ConditionFailed` when it is not `old` that is stored any more, `Unavailable`.
    """
    kept = _record(revision_of(old, new.changed_at))
    with transaction() as writes:
        writes.save(kept, condition=RevisionRecord.at.does_not_exist())
        for before, after in ((old, new), *others):
            record, actions, unchanged = submissions.change(before, after)
            writes.update(record, actions, condition=unchanged, add_version_condition=False)


def revisions_of(submission_id: str) -> list[Revision]:
    """All revisions of a submission, oldest first."""
    with table_errors():
        return [_revision(record) for record in RevisionRecord.query(submission_id, consistent_read=True)]


def bury(old: Submission, tombstone: Submission) -> None:
    """Put the tombstone in place of `old` and everything that hangs on it.

    Earlier answers and notes go first; the report itself and the record of its mails go in one transaction. So whoever
    dies in between leaves a report that still says it is there, and a repeat completes it.

    Raises `ConditionFailed` when it is not `old` that is stored any more, `Unavailable`.
    """
    _forget_revisions(old.id)
    forget_notes(old.id)
    with table_errors():
        mails = list(MailRecord.query(old.id, consistent_read=True))
    # A mail that is still owed must not lose its entry while the report is there, or it would be sent a second time:
    # so what does not fit into the transaction is not the first of them but the latest, the links asked for again.
    room = _MOST_IN_ONE - 1
    _delete_mails(mails[room:])
    record, unchanged = submissions.burial(old, tombstone)
    with transaction() as writes:
        writes.save(record, condition=unchanged)
        for mail in mails[:room]:
            writes.delete(MailRecord(mail.submission_id, mail.kind))


def sweep(submission_id: str) -> None:
    """Delete what the ledger and the notes hold of a submission that is buried; safe to repeat."""
    forget_notes(submission_id)
    with table_errors():
        _delete_mails(list(MailRecord.query(submission_id, consistent_read=True)))


def _forget_revisions(submission_id: str) -> None:
    with table_errors():
        found = list(RevisionRecord.query(submission_id, consistent_read=True))
        with RevisionRecord.batch_write() as batch:
            for record in found:
                batch.delete(record)


def _delete_mails(mails: Sequence[MailRecord]) -> None:
    with table_errors(), MailRecord.batch_write() as batch:
        for mail in mails:
            batch.delete(mail)


def _record(revision: Revision) -> RevisionRecord:
    consents = msgspec.json.encode(revision.consents).decode()
    return RevisionRecord(**msgspec.structs.asdict(revision) | {"consents": consents})


def _revision(record: RevisionRecord) -> Revision:
    return Revision(
        submission_id=record.submission_id,
        at=record.at,
        answers=record.answers,
        fingerprint=record.fingerprint,
        form_version=int(record.form_version),
        consents=msgspec.json.decode(record.consents, type=ConsentRecord),
    )
