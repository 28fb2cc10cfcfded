"""The receipt: the submitter's own page, reached by the link in the mail, without an account."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.calls.table import get_call
from chalicelib.errors import NotFound
from chalicelib.ledger.table import entries_of
from chalicelib.runtime.clock import stamp
from chalicelib.submissions import table
from chalicelib.submissions.links import read_receipt_token

if TYPE_CHECKING:
    from chalicelib.calls.call import PublishedCall
    from chalicelib.ledger.entry import Entry
    from chalicelib.runtime.keys import Keys
    from chalicelib.submissions.submission import Submission


def open_receipt(keys: Keys, token: str, now: datetime) -> tuple[PublishedCall, Submission]:
    """The submission that a token gives rights to. Raises `NotFound` for every cause, `Unavailable`."""
    link = read_receipt_token(keys, token, now)
    published = get_call(link.call)
    submission = table.find(link.call, link.id, published.call.policy.shards)
    if submission is None or submission.generation != link.generation or submission.expired(now):
        raise NotFound
    return published, submission


def confirm(keys: Keys, token: str, now: datetime) -> tuple[PublishedCall, Submission]:
    """Confirm the address; harmless to repeat. Raises `NotFound`, `Unavailable`."""
    published, submission = open_receipt(keys, token, now)
    if submission.state == "received":
        submission = table.confirm(submission, at=stamp(now))
        if submission.expired(now):
            raise NotFound
    return published, submission


def actions(submission: Submission) -> list[str]:
    """What the submitter may do now."""
    return ["confirm"] if submission.state == "received" else []


def receipt_document(submission: Submission, mails: list[Entry]) -> dict[str, Any]:
    """The receipt as JSON."""
    return {
        "reference": submission.reference,
        "call": submission.call,
        "state": submission.state,
        "submitted_at": submission.submitted_at,
        "answers": submission.read_answers(),
        "history": [{"at": one.at, "event": one.event} for one in submission.history],
        "mails": [{"kind": one.kind, "state": one.state, "at": one.sent_at or one.changed_at} for one in mails],
        "actions": actions(submission),
    }


def mails_of(submission: Submission) -> list[Entry]:
    """What the ledger knows of this submission's mails."""
    return entries_of(submission.id)
