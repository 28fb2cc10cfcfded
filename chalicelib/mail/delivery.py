"""Delivering one mail: claim, send, mark. At most one of each mail, and none lost.

The claim is a conditional write with a lease longer than the function's time-out, so of two workers with the same
message only one sends; a worker that dies leaves a lease that runs out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from secrets import token_hex
from typing import TYPE_CHECKING

from msgspec import Struct

from chalicelib.calls.call import Call
from chalicelib.errors import Unavailable
from chalicelib.jobs.batches import TryLater
from chalicelib.ledger import table as ledger
from chalicelib.ledger.entry import MOST_ATTEMPTS, Entry, pause_after, pause_when_throttled, settled
from chalicelib.mail import table
from chalicelib.mail.answers import Refused, Throttled, Unknown
from chalicelib.mail.caps import held_by
from chalicelib.mail.pace import Pace
from chalicelib.mail.sender import send
from chalicelib.runtime.clock import stamp
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log, log_fault
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import ConditionFailed
from chalicelib.submissions import table as submissions
from chalicelib.submissions.links import address_digest

if TYPE_CHECKING:
    from chalicelib.mail.message import Mail

MARK_ATTEMPTS = 3


class Letter(Struct, frozen=True):
    """A mail that is owed: its place in the ledger (`id` is a submission's, or `organiser-<digest of the address>`),
    the address that it goes to, and the language that it is written in.
    """

    call: Call
    id: str
    kind: str
    to: str
    language: str


def deliver_letter(
    letter: Letter,
    write: Callable[[], Mail | None],
    *,
    clock: Callable[[], datetime],
    urgent: bool = False,
) -> None:
    """Send a mail that may be owed, if it is and nobody else is at it. Safe to repeat.

    `write` is asked for the mail once it is claimed; `None` means that nothing stands behind it any more, and it takes
    the entry with it. `urgent` mails go out while the breaker has stopped the others: those to people who must see
    to it. Raises `TryLater` when the message must stay.
    """
    address = address_digest(keys(), letter.to)
    if not urgent and table.switch().stopped:
        # Its message may go: the ledger knows the mail, and reconcile puts it back when sending is resumed.
        ledger.note(
            letter.call.call, letter.id, letter.kind, "owed", cause="stopped", at=stamp(clock()), address=address
        )
        log("mail-waits", call=letter.call.call, reference=letter.id, kind=letter.kind)
        return
    entry = _claim(letter, address, clock())
    if entry is None or _put_aside(letter, entry, clock()):
        return
    mail = write()
    if mail is not None:
        _pace().wait()
        _hand_over(letter, entry, mail, clock)


@cache
def _pace() -> Pace:
    return Pace(settings().mail_rate_per_second / settings().mail_concurrency)


def _put_aside(letter: Letter, entry: Entry, at: datetime) -> bool:
    """Whether a claimed mail must not go out: the address takes none from us, or there were too many today.

    An organiser may try again after a bounce and beyond a cap, never after a complaint.
    """
    reason = table.suppression(entry.address)
    if reason == "complaint" or (reason == "bounce" and not entry.allowed):
        _end(lambda: ledger.put_aside(entry, "suppressed", cause=reason, at=stamp(at)))
        log("mail-suppressed", call=entry.call, reference=entry.submission_id, kind=entry.kind, cause=reason)
        return True
    cap = held_by(letter.call, entry, at)
    if cap is None:
        return False
    # Flagged first: whoever dies in between holds the mail the next time, and flags nothing twice.
    _flag(letter)
    _end(lambda: ledger.put_aside(entry, "held", cause=cap, at=stamp(at)))
    log("mail-held", call=entry.call, reference=entry.submission_id, kind=entry.kind, cause=cap)
    return True


def _flag(letter: Letter) -> None:
    """Flag the submission that a held mail is about. Raises `TryLater` where somebody changes it at this moment."""
    submission = submissions.find(letter.call.call, letter.id, letter.call.policy.shards)
    if submission is None or submission.state == "erased":
        return
    try:
        submissions.add_flag(submission, "mail-held")
    except ConditionFailed:
        raise TryLater from None


def _claim(letter: Letter, address: str, at: datetime) -> Entry | None:
    """The claimed entry, or `None` when the mail is settled. Raises `TryLater` while nobody may have it."""
    entry = ledger.claim(
        letter.call.call,
        letter.id,
        letter.kind,
        owner=token_hex(8),
        now=int(at.timestamp()),
        lease=settings().mail_lease_seconds,
        at=stamp(at),
        address=address,
    )
    if entry is None:
        known = ledger.find(letter.id, letter.kind)
        if settled(known):
            return None
        # Somebody is at it, or it is not due: the message goes round, and no attempt is used up.
        log("mail-not-due", call=letter.call.call, reference=letter.id, kind=letter.kind)
        raise TryLater(max(1, known.lease_until - int(at.timestamp())) if known else 1)
    if entry.attempts > MOST_ATTEMPTS:
        # Nobody who tried came back to say what became of it: enough, or reconcile would go round for ever.
        ledger.release(entry, cause="attempts-used-up", count_attempt=True, at=stamp(at))
        log("mail-given-up", call=entry.call, reference=entry.submission_id, kind=entry.kind, attempt=entry.attempts)
        return None
    return entry


def _hand_over(letter: Letter, entry: Entry, mail: Mail, clock: Callable[[], datetime]) -> None:
    try:
        message_id = send(
            mail,
            entry,
            to=letter.to,
            sender_name=letter.call.organiser.name[letter.language],
            reply_to=letter.call.contact.email,
        )
    except Throttled:
        pause = pause_when_throttled(entry.waits + 1)
        _end(lambda: ledger.release(entry, cause="throttled", count_attempt=False, at=stamp(clock())))
        raise TryLater(pause) from None
    except Refused as refused:
        log(
            "mail-refused",
            call=entry.call,
            reference=entry.submission_id,
            kind=entry.kind,
            code=refused.cause,
            attempt=entry.attempts,
        )
        pause = pause_after(entry.attempts, settings().mail_backoff_seconds)
        until, cause = int(clock().timestamp()) + pause, refused.cause
        left = _end(lambda: ledger.release(entry, cause=cause, count_attempt=True, at=stamp(clock()), until=until))
        if settled(left):
            return
        raise TryLater(pause) from None
    except Unknown as error:
        # It may be out. The claim stays: SES's event marks it, or the lease runs out and it is sent again.
        log_fault("mail-unknown", error.__cause__ or error, call=entry.call, reference=letter.id, kind=entry.kind)
        pause = max(settings().mail_lease_seconds, pause_after(entry.attempts, settings().mail_backoff_seconds))
        until = int(clock().timestamp()) + pause
        _end(lambda: ledger.keep(entry, cause="no-answer", at=stamp(clock()), until=until))
        raise TryLater(pause) from None
    _mark(entry, message_id, clock)


def _end(step: Callable[[], Entry]) -> Entry | None:
    """What a claim becomes; `None` when it is somebody else's by now, or SES's events were faster."""
    try:
        return step()
    except ConditionFailed:
        return None


def _mark(entry: Entry, message_id: str, clock: Callable[[], datetime]) -> None:
    for attempt in range(1, MARK_ATTEMPTS + 1):
        try:
            ledger.mark_sent(entry, message_id=message_id, at=stamp(clock()))
        except ConditionFailed:
            # SES's events may be faster than the mark; only a claim that is somebody else's is worth a word.
            known = ledger.find(entry.submission_id, entry.kind)
            event = "mail-sent" if known is not None and known.owner == entry.owner else "mail-claim-lost"
            log(event, call=entry.call, reference=entry.submission_id, kind=entry.kind, attempt=entry.attempts)
            return
        except Unavailable:
            if attempt == MARK_ATTEMPTS:
                raise
        else:
            log("mail-sent", call=entry.call, reference=entry.submission_id, kind=entry.kind, attempt=entry.attempts)
            return
