"""One submission as organisers see it: everything that is known of it, gathered from the tables."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from chalicelib.access.table import audit_of
from chalicelib.calls.answers import public_part
from chalicelib.errors import NotFound
from chalicelib.ledger.table import entries_of
from chalicelib.notes.table import notes_of
from chalicelib.revisions.table import revisions_of
from chalicelib.runtime.clock import moment, stamp
from chalicelib.submissions import table
from chalicelib.submissions.alike import Alike, likely
from chalicelib.submissions.decisions import UNDO_FOR, copy_outdated, decidable, takes_part
from chalicelib.submissions.listing import listed
from chalicelib.submissions.reference import read, show

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.calls.call import Call
    from chalicelib.ledger.entry import Entry
    from chalicelib.notes.table import Note
    from chalicelib.revisions.revision import Revision
    from chalicelib.submissions.submission import State, Submission

CANDIDATES = 100  # of one state in one shard, the latest
_CANDIDATE_STATES: tuple[State, ...] = ("confirmed", "accepted")
Part = tuple[Literal["same", "del", "ins"], str]


class Detail(Struct, frozen=True):
    """A submission and what hangs on it. `primary` and `merged` are the other reports of the same entry."""

    submission: Submission
    revisions: list[Revision]
    notes: list[Note]
    mails: list[Entry]
    audit: list[tuple[str, str, str, str | None]]
    alike: list[Alike]
    compared: int
    merged: list[Submission]
    primary: Submission | None


def find_one(call: Call, written: str, now: datetime) -> Submission:
    """The submission of a reference, however it is written. Raises `NotFound`, `Unavailable`."""
    submission_id = read(written)
    found = table.find(call.call, submission_id, call.policy.shards) if submission_id else None
    if found is None or not found.exists(now):
        raise NotFound
    return found


def gather(call: Call, submission: Submission) -> Detail:
    """Everything about a submission. Raises `Unavailable`."""
    primary = [submission.duplicate_of] if submission.duplicate_of else []
    related = table.find_many(call.call, [*submission.merged, *primary], call.policy.shards)
    known = {submission.id, *(one.id for one in related)}
    candidates = [one for one in _candidates(call) if one.id not in known]
    return Detail(
        submission=submission,
        revisions=revisions_of(submission.id),
        notes=notes_of(submission.id),
        mails=entries_of(submission.id),
        audit=audit_of(f"submission#{submission.id}"),
        alike=likely(call, submission.read_answers(), candidates) if submission.state != "withdrawn" else [],
        compared=len(candidates),
        merged=[one for one in related if one.id in submission.merged],
        primary=next((one for one in related if one.id == submission.duplicate_of), None),
    )


def _candidates(call: Call) -> list[Submission]:
    """What a report is compared with: the latest of each state that counts, a bounded number."""
    return [
        one
        for state in _CANDIDATE_STATES
        for shard in range(call.policy.shards)
        for one in listed(call.call, state, shard, newest_first=True, limit=CANDIDATES)
    ]


def detail_document(call: Call, detail: Detail) -> dict[str, Any]:
    """All of it as JSON."""
    one = detail.submission
    return {
        **core_document(call, one),
        "history": [{"at": each.at, "event": each.event} for each in one.history],
        "revisions": [{"at": each.at, "answers": each.read_answers()} for each in detail.revisions],
        "notes": [{"at": each.at.partition("#")[0], "who": each.who, "text": each.text} for each in detail.notes],
        "mails": [{"kind": each.kind, "state": each.state, "at": each.changed_at} for each in detail.mails],
        "audit": [
            {"at": at.partition("#")[0], "who": who, "event": event, "detail": told}
            for at, who, event, told in detail.audit
        ],
        "likely_duplicates": [
            {
                "reference": each.submission.reference,
                "state": each.submission.state,
                "title": str(each.submission.read_answers().get(call.form.title_field, "")),
                "score": each.score,
                "reasons": each.reasons,
            }
            for each in detail.alike
        ],
        "compared": detail.compared,
    }


def core_document(call: Call, submission: Submission) -> dict[str, Any]:
    """What is stored of a submission, and what may be decided about it."""
    undo = submission.undo
    return {
        "reference": submission.reference,
        "call": submission.call,
        "state": submission.state,
        "version": submission.version,
        "language": submission.language,
        "form_version": submission.form_version,
        "submitted_at": submission.submitted_at,
        "confirmed_at": submission.confirmed_at,
        "decided_at": submission.decided_at,
        "changed_at": submission.changed_at,
        "source": submission.source,
        "answers": submission.read_answers(),
        "public": public_part(call, submission.read_answers()),
        "edited": _read(submission.edited),
        "published": _read(submission.published),
        "copy_outdated": copy_outdated(submission),
        "takes_part": takes_part(call, submission),
        "flags": submission.flags,
        "reports": submission.reports,
        "merged": [show(one) for one in submission.merged],
        "duplicate_of": show(submission.duplicate_of) if submission.duplicate_of else None,
        "decisions": decidable(submission),
        "undo": {"batch": undo.batch, "until": stamp(moment(undo.at) + UNDO_FOR)} if undo else None,
    }


def differences(before: str, after: str) -> list[Part]:
    """What was taken out and what was put in, word by word."""
    old, new = before.split(" "), after.split(" ")
    parts: list[Part] = []
    for kind, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(("same", " ".join(old[start:end])))
            continue
        if end > start:
            parts.append(("del", " ".join(old[start:end])))
        if last > first:
            parts.append(("ins", " ".join(new[first:last])))
    return parts


def _read(text: str | None) -> dict[str, Any] | None:
    return None if text is None else msgspec.json.decode(text)
