"""The mail worker: for each job, which mail is owed to whom, if it still is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.calls.table import get_call
from chalicelib.errors import NotFound
from chalicelib.jobs.batches import TryLater, work_through
from chalicelib.jobs.consequences import is_decision, mails_owed
from chalicelib.jobs.messages import AnnouncementJob, DigestJob, LinksJob, LoginJob, MailJob, ReleaseJob
from chalicelib.jobs.queues import send_mail_message
from chalicelib.ledger import table as ledger
from chalicelib.ledger.kinds import family_of, links_kind
from chalicelib.mail.about import address_of, letter_about, occasion, receipt_address, still_there
from chalicelib.mail.announcement_mail import deliver_announcement
from chalicelib.mail.decided import put_off
from chalicelib.mail.delivery import deliver_letter
from chalicelib.mail.digest import deliver_digest
from chalicelib.mail.fan_out import fan_out
from chalicelib.mail.login import deliver_login
from chalicelib.mail.outbox import release
from chalicelib.mail.texts import compose, compose_links
from chalicelib.runtime.clock import now
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log
from chalicelib.runtime.settings import settings
from chalicelib.submissions import table as submissions
from chalicelib.submissions.links import address_digest

if TYPE_CHECKING:
    from chalicelib.calls.call import Call, PublishedCall
    from chalicelib.mail.message import Mail
    from chalicelib.submissions.submission import Submission

MOST_MAILS = 200  # of one address that are looked at
MOST_LINKS = 50  # in one mail
_RESERVE = 0.5  # of the time-out: what begins later than that may not end in time


def deliver_mails(records: Sequence[dict[str, Any]], *, watch: Callable[[], float] = time.monotonic) -> dict[str, Any]:
    """Deliver the mail of each SQS record; the answer is a partial batch response.

    What would begin late in the function's time goes round instead: a slow pace must not look like a failure.
    """
    late = watch() + settings().mail_timeout_seconds * (1 - _RESERVE)

    def deliver_in_time(message: dict[str, Any]) -> None:
        if watch() > late:
            raise TryLater(0)
        _deliver(message)

    return work_through(records, dict[str, Any], deliver_in_time, again=send_mail_message)


def _deliver(message: dict[str, Any]) -> None:
    if "announcement" in message:
        fan_out(msgspec.convert(message, AnnouncementJob))
    elif "day" in message:
        deliver_digest(msgspec.convert(message, DigestJob))
    elif "address" in message:
        deliver_links(msgspec.convert(message, LinksJob))
    elif "login" in message:
        deliver_login(msgspec.convert(message, LoginJob))
    elif "release" in message:
        release(msgspec.convert(message, ReleaseJob))
    else:
        deliver(msgspec.convert(message, MailJob))


def deliver(job: MailJob, *, clock: Callable[[], datetime] = now) -> None:
    """Send one mail, if it is still owed and nobody else is at it. Raises `TryLater` when the message must stay."""
    published = _published(job.call)
    call = published.call if published else None
    submission = submissions.find(job.call, job.submission, call.policy.shards) if call else None
    if published and submission is not None and family_of(job.kind) == "announcement":
        deliver_announcement(job, published, submission, clock=clock)
        return
    if (
        published is None
        or call is None
        or submission is None
        or submission.expired(clock())
        or job.kind not in mails_owed(submission, call.policy.mails)
    ):
        log("mail-not-owed", call=job.call, reference=job.submission, kind=job.kind)
        if submission is not None and submission.state == "erased":
            ledger.forget(job.submission, job.kind)
        else:
            ledger.drop(job.submission, job.kind, now=int(clock().timestamp()))
        return
    letter = letter_about(call, submission, job.kind)
    if is_decision(job.kind) and put_off(letter, submission, clock()):
        return

    def write() -> Mail | None:
        # Looked at again: an erasure that did not see the claim is seen here, one that comes later sees the claim.
        if not still_there(call, submission, job.kind):
            return None
        return compose(job.kind, occasion(published, submission, clock()))

    deliver_letter(letter, write, clock=clock)


def deliver_links(job: LinksJob, *, clock: Callable[[], datetime] = now) -> None:
    """Send somebody the links to all their submissions, if there are any; at most once for each hour they asked in.

    Raises `TryLater` when the message must stay. Reconcile does not know of these mails: if one is lost, the person who
    asked for it will ask again.
    """
    published = _published(job.call)
    call = published.call if published else None
    known = _submissions_of(call, job, clock()) if call else []
    if call is None or not known:
        log("links-for-nobody", call=job.call)
        return
    newest, kind = known[0], links_kind(job.hour)

    def write() -> Mail:
        if not still_there(call, newest, kind):
            raise TryLater  # there may be others
        return compose_links(call, newest, [(one, receipt_address(one, clock())) for one in known[:MOST_LINKS]])

    deliver_letter(letter_about(call, newest, kind), write, clock=clock)


def _published(name: str) -> PublishedCall | None:
    try:
        return get_call(name)
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
