"""What stands in the export's files. Values only; the published schemas are in `schemas/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chalicelib.calls.call import PublishedCall
    from chalicelib.exports.export import Export, Summary
    from chalicelib.ledger.entry import Entry
    from chalicelib.submissions.submission import Submission

SUBMISSIONS_SCHEMA = "submissions-1.json"
MANIFEST_SCHEMA = "manifest-1.json"


def submissions_head(export: Export, published: PublishedCall, base: str) -> dict[str, Any]:
    """The members of `submissions.json` before the submissions; `base` is the app's public address."""
    call = published.call
    return {
        "$schema": f"{base}/schemas/{SUBMISSIONS_SCHEMA}",
        "call": call.call,
        "snapshot_at": export.snapshot_at,
        "form": {"version": published.version, "steps": msgspec.to_builtins(call.form.steps)},
    }


def submission_document(submission: Submission, mails: list[Entry]) -> dict[str, Any]:
    """One submission as an organiser gets it. The answers are spliced as stored, never parsed."""
    return {
        "reference": submission.reference,
        "state": submission.state,
        "submitted_at": submission.submitted_at,
        "confirmed_at": submission.confirmed_at,
        "decided_at": submission.decided_at,
        "language": submission.language,
        "form_version": submission.form_version,
        "answers": msgspec.Raw(submission.answers.encode()),
        "published": msgspec.Raw(submission.published.encode()) if submission.published else None,
        "duplicate_of": submission.duplicate_of,
        "flags": submission.flags,
        "reports": [],
        "mails": [
            {"kind": one.kind, "state": one.state, "attempts": one.attempts, "sent_at": one.sent_at} for one in mails
        ],
    }


def count_mails(owed: Sequence[str], mails: list[Entry], counted: Mapping[str, int]) -> dict[str, int]:
    """`counted` with a submission's mails added: by state, those owed that nobody has tried yet as `owed`."""
    counts = dict(counted)
    for entry in mails:
        counts[entry.state] = counts.get(entry.state, 0) + 1
    untried = [kind for kind in owed if all(entry.kind != kind for entry in mails)]
    counts["owed"] = counts.get("owed", 0) + len(untried)
    return counts


def manifest(export: Export, summary: Summary, *, base: str, finished_at: str) -> dict[str, Any]:
    """`manifest.json`: what is in the export, and what to check it against."""
    return {
        "$schema": f"{base}/schemas/{MANIFEST_SCHEMA}",
        "call": export.call,
        "export_id": export.export_id,
        "snapshot_at": export.snapshot_at,
        "finished_at": finished_at,
        "form_version": export.form_version,
        "counts": summary.counts,
        "balance": {"exported": sum(summary.counts.values()), "mails": summary.mails},
        "files": [msgspec.to_builtins(one) for one in summary.files],
        "removed": [],
    }
