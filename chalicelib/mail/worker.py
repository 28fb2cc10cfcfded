"""The mail worker: for each job, which mail is owed to whom, if it still is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.calls.table import get_call
from chalicelib.errors import NotFound
from chalicelib.jobs.batches import TryLater, work_through
from chalicelib.jobs.consequences import mails_owed
from chalicelib.jobs.messages import LinksJob, MailJob
from chalicelib.ledger import table as ledger
from chalicelib.ledger.entry import links_kind
from chalicelib.mail.delivery import address_of, claim, hand_over, receipt_address
from chalicelib.mail.texts import compose, compose_links
from chalicelib.runtime.clock import now
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log
from chalicelib.submissions import table as submissions
from chalicelib.submissions.links import address_digest

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.submissions.submission import Submission

MOST_MAILS = 200  # of one address that are looked at
MOST_LINKS = 50  # in one mail


def deliver_mails(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Deliver the mail of each SQS record; the answer is a partial batch response."""
    return work_through(records, dict[str, str], _deliver)


def _deliver(message: dict[str, str]) -> None:
    if "address" in message:
        deliver_links(msgspec.convert(message, LinksJob))
    else:
        deliver(msgspec.convert(message, MailJob))


def deliver(job: MailJob, *, clock: Callable[[], datetime] = now) -> None:
    """Send one mail, if it is still owed and nobody else is at it. Raises `TryLater` when the message must stay."""
    call = _call(job.call)
    submission = submissions.find(job.call, job.submission, call.policy.shards) if call else None
    if (
        call is None
        or submission is None
        or submission.expired(clock())
        or job.kind not in mails_owed(submission.state)
    ):
        log("mail-not-owed", call=job.call, reference=job.submission, kind=job.kind)
        if submission is not None and submission.state == "erased":
            ledger.forget(job.submission, job.kind)
        return
    entry = claim(call, submission, job.kind, clock())
    # Looked at again: an erasure that did not see the claim is seen here, one that comes later sees the claim.
    if entry is not None and _still_there(call, submission, entry.kind):
        mail = compose(job.kind, call, submission, receipt=receipt_address(submission, clock()))
        hand_over(call, submission, entry, mail, clock)


def deliver_links(job: LinksJob, *, clock: Callable[[], datetime] = now) -> None:
    """Send somebody the links to all their submissions, if there are any; at most once for each hour they asked in.

    Raises `TryLater` when the message must stay. Reconcile does not know of these mails: if one is lost, the person who
    asked for it will ask again.
    """
    call = _call(job.call)
    known = _submissions_of(call, job, clock()) if call else []
    if call is None or not known:
        log("links-for-nobody", call=job.call)
        return
    newest, kind = known[0], links_kind(job.hour)
    entry = claim(call, newest, kind, clock())
    if entry is None:
        return
    if not _still_there(call, newest, kind):
        raise TryLater  # there may be others
    mail = compose_links(call, newest, [(one, receipt_address(one, clock())) for one in known[:MOST_LINKS]])
    hand_over(call, newest, entry, mail, clock)


def _call(name: str) -> Call | None:
    try:
        return get_call(name).call
    except NotFound:
        log("mail-without-call", call=name)
        return None


def _submissions_of(call: Call, job: LinksJob, at: datetime) -> list[Submission]:
    """The submissions of the job's address that exist, newest first."""
    ids = ledger.submissions_of(call.call, job.address, most=MOST_MAILS)
    found = [submissions.find(call.call, one, call.policy.shards) for one in ids]
    theirs = [
        one
        for one in found
        if one is not None and one.exists(at) and address_digest(keys(), address_of(call, one)) == job.address
    ]
    return sorted(theirs, key=lambda one: one.submitted_at, reverse=True)


def _still_there(call: Call, submission: Submission, kind: str) -> bool:
    """Whether a submission was not erased while its mail was claimed; the claim goes with it."""
    known = submissions.find(call.call, submission.id, call.policy.shards)
    if known is not None and known.state != "erased":
        return True
    log("mail-erased", call=call.call, reference=submission.id, kind=kind)
    ledger.forget(submission.id, kind)
    return False
