"""The mail worker: claim, send, mark. At most one of each mail, and none lost.

The claim is a conditional write with a lease longer than the function's time-out, so of two workers with the same
message only one sends; a worker that dies leaves a lease that runs out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from chalicelib.calls.table import get_call
from chalicelib.errors import NotFound, Unavailable
from chalicelib.jobs.batches import TryLater, work_through
from chalicelib.jobs.consequences import mails_owed
from chalicelib.jobs.messages import MailJob
from chalicelib.ledger import table as ledger
from chalicelib.ledger.entry import settled
from chalicelib.mail.sender import Refused, Throttled, Unknown, send
from chalicelib.mail.texts import compose
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log, log_fault
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import ConditionFailed
from chalicelib.submissions import table as submissions
from chalicelib.submissions.links import receipt_token

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.ledger.entry import Entry
    from chalicelib.submissions.submission import Submission

MARK_ATTEMPTS = 3


def deliver_mails(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Deliver the mail of each SQS record; the answer is a partial batch response."""
    return work_through(records, MailJob, deliver)


def deliver(job: MailJob, *, clock: Callable[[], datetime] = now) -> None:
    """Send one mail, if it is still owed and nobody else is at it. Raises `TryLater` when the message must stay."""
    try:
        call = get_call(job.call).call
    except NotFound:
        log("mail-without-call", call=job.call, reference=job.submission)
        return
    submission = submissions.find(job.call, job.submission, call.policy.shards)
    if submission is None or submission.expired(clock()) or job.kind not in mails_owed(submission.state):
        log("mail-not-owed", call=job.call, reference=job.submission, kind=job.kind)
        return
    entry = _claim(job, clock())
    if entry is not None:
        _send(call, submission, entry, clock)


def _claim(job: MailJob, at: datetime) -> Entry | None:
    """The claimed entry, or `None` when the mail is settled. Raises `TryLater` while somebody else holds the lease."""
    entry = ledger.claim(
        job.call,
        job.submission,
        job.kind,
        owner=token_hex(8),
        now=int(at.timestamp()),
        lease=settings().mail_lease_seconds,
        at=stamp(at),
    )
    if entry is None and not settled(ledger.find(job.submission, job.kind)):
        log("mail-claimed-elsewhere", call=job.call, reference=job.submission, kind=job.kind)
        raise TryLater
    return entry


def _send(call: Call, submission: Submission, entry: Entry, clock: Callable[[], datetime]) -> None:
    receipt = f"{settings().public_url}/receipts/{receipt_token(keys(), submission, clock())}"
    mail = compose(entry.kind, call, submission, receipt=receipt)
    language = submission.language if submission.language in call.languages else call.languages[0]
    try:
        message_id = send(
            mail,
            entry,
            to=submission.read_answers()[call.form.submitter_email],
            sender_name=call.organiser.name[language],
            reply_to=call.contact.email,
        )
    except Throttled:
        ledger.release(entry, cause="throttled", count_attempt=False, at=stamp(clock()))
        raise TryLater from None
    except Refused as refused:
        given_up = ledger.release(entry, cause=refused.cause, count_attempt=True, at=stamp(clock())).state == "failed"
        log(
            "mail-refused",
            call=call.call,
            reference=submission.id,
            kind=entry.kind,
            code=refused.cause,
            attempt=entry.attempts,
        )
        if given_up:
            return
        raise TryLater from None
    except Unknown as error:
        # It may be out. The claim stays: SES's event marks it, or the lease runs out and it is sent again.
        log_fault("mail-unknown", error.__cause__ or error, call=call.call, reference=submission.id, kind=entry.kind)
        raise TryLater from None
    _mark(entry, message_id, clock)


def _mark(entry: Entry, message_id: str, clock: Callable[[], datetime]) -> None:
    for attempt in range(1, MARK_ATTEMPTS + 1):
        try:
            ledger.mark_sent(entry, message_id=message_id, at=stamp(clock()))
        except ConditionFailed:
            log("mail-claim-lost", call=entry.call, reference=entry.submission_id, kind=entry.kind)
            return
        except Unavailable:
            if attempt == MARK_ATTEMPTS:
                raise
        else:
            log("mail-sent", call=entry.call, reference=entry.submission_id, kind=entry.kind, attempt=entry.attempts)
            return
