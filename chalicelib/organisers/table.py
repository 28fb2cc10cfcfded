"""What organisers decide, written down with who decided it: both or neither."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.access.table import AuditRecord
from chalicelib.runtime.table import transaction
from chalicelib.submissions import table as submissions
from chalicelib.submissions.submission import Submission


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
