"""What stands in `submissions.json` and `.ndjson.gz`. Values only; the published schemas are in `schemas/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct

from chalicelib.submissions.reference import show
from chalicelib.submissions.submission import Submission, consents_in

if TYPE_CHECKING:
    from chalicelib.calls.call import PublishedCall
    from chalicelib.exports.export import Export
    from chalicelib.ledger.entry import Entry

SUBMISSIONS_SCHEMA = "submissions-1.json"


class MailLine(Struct):
    """One mail about a submission, and what became of it."""

    kind: str
    state: str
    attempts: int
    sent_at: str | None


class Line(Struct):
    """One submission as an organiser gets it, its members in the order of the file.

    `answers`, `published` and `flags` are JSON texts as stored: spliced, never parsed.
    """

    reference: str
    state: str
    submitted_at: str
    confirmed_at: str | None
    decided_at: str | None
    language: str
    form_version: int
    answers: Raw
    published: Raw
    duplicate_of: str | None
    flags: Raw
    reports: int
    source: str
    mails: list[MailLine]


class Record(Struct):
    """A line, read again, by who needs what is in it."""

    reference: str
    state: str
    submitted_at: str
    confirmed_at: str | None
    decided_at: str | None
    language: str
    form_version: int
    answers: dict[str, Any]
    published: dict[str, Any] | None
    duplicate_of: str | None
    flags: list[str]
    reports: int
    source: str
    mails: list[MailLine]


read_line = msgspec.json.Decoder(Record).decode


def submissions_head(export: Export, published: PublishedCall, base: str) -> dict[str, Any]:
    """The members of `submissions.json` before the submissions; `base` is the app's public address."""
    call = published.call
    return {
        "$schema": f"{base}/schemas/{SUBMISSIONS_SCHEMA}",
        "call": call.call,
        "snapshot_at": export.snapshot_at,
        "form": {"version": published.version, "steps": msgspec.to_builtins(call.form.steps)},
    }


def submission_of(record: Record, published: PublishedCall) -> Submission:
    """A record as the landscape takes it: without what no export holds."""
    given = consents_in(published.call, record.answers, language=record.language, at=record.submitted_at)
    return Submission(
        call=published.call.call,
        id=record.reference.replace("-", ""),
        state=record.state,  # type: ignore[arg-type]
        shard=0,
        answers=msgspec.json.encode(record.answers).decode(),
        fingerprint="",
        language=record.language,
        form_version=record.form_version,
        submitted_at=record.submitted_at,
        changed_at=record.decided_at or record.submitted_at,
        consents=given,
        history=(),
        published=msgspec.json.encode(record.published).decode() if record.published is not None else None,
        merged=("",) * (record.reports - 1),
    )


def line_of(submission: Submission, mails: list[Entry]) -> Line:
    """The line of a submission that was read through its model: what the fast way of `reader` must equal."""
    return Line(
        reference=submission.reference,
        state=submission.state,
        submitted_at=submission.submitted_at,
        confirmed_at=submission.confirmed_at,
        decided_at=submission.decided_at,
        language=submission.language,
        form_version=submission.form_version,
        answers=Raw(submission.answers.encode()),
        published=Raw(submission.published.encode()) if submission.published else Raw(b"null"),
        duplicate_of=show(submission.duplicate_of) if submission.duplicate_of else None,
        flags=Raw(msgspec.json.encode(submission.flags)),
        reports=submission.reports,
        source=submission.source,
        mails=[MailLine(one.kind, one.state, one.attempts, one.sent_at) for one in mails],
    )
