"""What every mail about a report needs: where it goes, the links in it, and whether the report is still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.ledger import table as ledger
from chalicelib.mail.delivery import Letter
from chalicelib.mail.invitation import invitation
from chalicelib.mail.texts import Occasion, language_of
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log
from chalicelib.runtime.settings import settings
from chalicelib.submissions import table as submissions
from chalicelib.submissions.links import receipt_token

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.calls.call import Call, PublishedCall
    from chalicelib.submissions.submission import Submission


def letter_about(call: Call, submission: Submission, kind: str) -> Letter:
    """The mail of `kind` to the sender of a submission."""
    return Letter(call, submission.id, kind, address_of(call, submission), language_of(call, submission))


def address_of(call: Call, submission: Submission) -> str:
    """Where the mails about a submission go."""
    return str(submission.read_answers()[call.form.submitter_email])


def receipt_address(submission: Submission, now: datetime) -> str:
    """The full address of the submitter's page, with a fresh token."""
    return f"{settings().public_url}/receipts/{receipt_token(keys(), submission, now)}"


def occasion(published: PublishedCall, submission: Submission, at: datetime) -> Occasion:
    """What a mail about this report is written from, with fresh links."""
    call = published.call
    return Occasion(
        call=call,
        submission=submission,
        now=at,
        receipt=receipt_address(submission, at),
        landscape=f"{settings().public_url}/calls/{call.call}/landscape",
        calendar=invitation(published, submission, at),
    )


def still_there(call: Call, submission: Submission, kind: str) -> bool:
    """Whether a submission was not erased while its mail was claimed; the claim goes with it."""
    if submissions.existing(call.call, [submission.id], call.policy.shards):
        return True
    log("mail-erased", call=call.call, reference=submission.id, kind=kind)
    ledger.forget(submission.id, kind)
    return False
