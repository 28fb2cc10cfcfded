"""What organisers decide, written down with who decided it: both or neither."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.access.table import AuditRecord
from chalicelib.notes.table import Note, NoteRecord
from chalicelib.runtime.table import transaction
from chalicelib.submissions import table as submissions
from chalicelib.submissions.submission import Submission


def put_note(note: Note, submission: Submission, lines: Sequence[AuditRecord]) -> None:
    """Store a note with its lines of the audit trail, while there is a submission.

    Raises `ConditionFailed` when there is none any more, or the note is there already, `Unavailable`.
    """
    record = NoteRecord(note.submission_id, note.at, who=note.who, text=note.text)
    key = (submissions.key_of(submission), submission.id)
    with transaction() as writes:
        writes.condition_check(
            submissions.SubmissionRecord, *key, condition=submissions.SubmissionRecord.state != "erased"
        )
        writes.save(record, condition=NoteRecord.at.does_not_exist())
        for line in lines:
            writes.save(line, condition=AuditRecord.at.does_not_exist())


def put_decision(changes: Sequence[tuple[Submission, Submission]], lines: Sequence[AuditRecord]) -> None:
    """Store each second of `changes` in place of its first, and the lines of the audit trail: all or nothing.

    Raises `ConditionFailed` when one of the first is not what is stored any more, `Unavailable`.
    """
    with transaction() as writes:
        for old, new in changes:
            record, actions, unchanged = submissions.change(old, new)
            writes.update(record, actions, condition=unchanged, add_version_condition=False)
        for line in lines:
            writes.save(line, condition=AuditRecord.at.does_not_exist())
