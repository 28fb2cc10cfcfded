"""Delivering one mail: claim, send, mark. At most one of each mail, and none lost.

The claim is a conditional write with a lease longer than the function's time-out, so of two workers with the same
message only one sends; a worker that dies leaves a lease that runs out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from secrets import token_hex
from typing import TYPE_CHECKING

from chalicelib.errors import Unavailable
from chalicelib.jobs.batches import TryLater
from chalicelib.ledger import table as ledger
from chalicelib.ledger.entry import MOST_ATTEMPTS, settled
from chalicelib.mail.sender import Refused, Throttled, Unknown, send
from chalicelib.mail.texts import language_of
from chalicelib.runtime.clock import stamp
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log, log_fault
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import ConditionFailed
from chalicelib.submissions.links import address_digest, receipt_token

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.ledger.entry import Entry
    from chalicelib.mail.texts import Mail
    from chalicelib.submissions.submission import Submission

MARK_ATTEMPTS = 3


def claim(call: Call, submission: Submission, kind: str, at: datetime) -> Entry | None:
    """The claimed entry, or `None` when the mail is settled. Raises `TryLater` while somebody else holds the lease."""
    entry = ledger.claim(
        call.call,
        submission.id,
        kind,
        owner=token_hex(8),
        now=int(at.timestamp()),
        lease=settings().mail_lease_seconds,
        at=stamp(at),
        address=address_digest(keys(), address_of(call, submission)),
    )
    if entry is None and not settled(ledger.find(submission.id, kind)):
        log("mail-claimed-elsewhere", call=call.call, reference=submission.id, kind=kind)
        raise TryLater
    if entry is not None and entry.attempts > MOST_ATTEMPTS:
        # Nobody who tried came back to say what became of it: enough, or reconcile would go round for ever.
        ledger.release(entry, cause="attempts-used-up", count_attempt=True, at=stamp(at))
        log("mail-given-up", call=call.call, reference=submission.id, kind=kind, attempt=entry.attempts)
        return None
    return entry


def address_of(call: Call, submission: Submission) -> str:
    """Where the mails about a submission go."""
    return str(submission.read_answers()[call.form.submitter_email])


def receipt_address(submission: Submission, now: datetime) -> str:
    """The full address of the submitter's page, with a fresh token."""
    return f"{settings().public_url}/receipts/{receipt_token(keys(), submission, now)}"


def hand_over(call: Call, submission: Submission, entry: Entry, mail: Mail, clock: Callable[[], datetime]) -> None:
    """Send a claimed mail and mark it. Raises `TryLater` when the message must stay."""
    try:
        message_id = send(
            mail,
            entry,
            to=address_of(call, submission),
            sender_name=call.organiser.name[language_of(call, submission)],
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
