"""Accepting a submission: one conditional write, safe to repeat.

Who it is comes from the ticket, else from the `Idempotency-Key`, else from chance; a repeat therefore meets its own
item, and the fingerprint says whether it is the same report or another one.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.calls.answers import AnswersInvalid, judge
from chalicelib.errors import N_, FieldError, Refusal, Unavailable
from chalicelib.intake.flags import flags_of
from chalicelib.intake.load import LOAD
from chalicelib.intake.proof import ProofExpired, check_proof
from chalicelib.intake.tickets import TicketMissing, check_age, read_ticket
from chalicelib.runtime.clock import stamp
from chalicelib.runtime.table import ConditionFailed
from chalicelib.submissions import table
from chalicelib.submissions.reference import from_chance, from_digest
from chalicelib.submissions.submission import Erased, NotConfirmedInTime, Submission, received, shard_of

if TYPE_CHECKING:
    from chalicelib.calls.call import Call, PublishedCall
    from chalicelib.intake.bodies import Posted
    from chalicelib.intake.tickets import Ticket
    from chalicelib.runtime.keys import Keys

LONGEST_KEY = 255
_CHANCES = 3


class CallNotOpen(Refusal):
    """The call has not opened yet, or is closed; the facts hold the dates (UTC)."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "call-not-open"
    title: ClassVar[str] = N_("This call is not open.")
    message: ClassVar[str] = N_("Reports are taken within the dates of the call only.")


class CallFull(Refusal):
    """The call has as many submissions as its policy allows."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "call-full"
    title: ClassVar[str] = N_("This call has received as many reports as it can take.")
    message: ClassVar[str] = N_("Thank you for your interest. Links to reports sent before go on working.")


class KeyUnreadable(Refusal):
    """An `Idempotency-Key` that is empty, too long, or not printable ASCII."""

    code: ClassVar[str] = "idempotency-key-unreadable"
    title: ClassVar[str] = N_("The Idempotency-Key cannot be used.")
    message: ClassVar[str] = N_("Use 1 to 255 printable ASCII characters.")


class IdempotencyMismatch(Refusal):
    """The same ticket or key, but other answers."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "idempotency-mismatch"
    title: ClassVar[str] = N_("This form was already sent, with other answers.")
    message: ClassVar[str] = N_(
        "The first report is safe under the reference %(reference)s. To send a second one, open the form anew."
    )


class Accepted(Struct, frozen=True):
    """What became of a post; `replayed` where the same one had come before."""

    submission: Submission
    replayed: bool


def accept(
    published: PublishedCall, posted: Posted, *, idempotency_key: str | None, language: str, keys: Keys, now: datetime
) -> Accepted:
    """Store a submission, or find the one that an earlier, equal post stored.

    Raises `AnswersInvalid`, `TicketRefused` and its kin, `CallNotOpen`, `IdempotencyMismatch`, `KeyUnreadable`,
    `NotConfirmedInTime`, `Erased`, `ProofRefused` and its kin, `Unavailable`.
    """
    call = published.call
    ticket = read_ticket(keys, call, posted.ticket) if posted.ticket else None
    submission_id = _identity(call, ticket, idempotency_key, keys)
    late = _too_late(call, ticket, now)
    if late is not None and submission_id is None:
        raise late
    if ticket is None and call.policy.tickets == "required":
        raise TicketMissing(call=call.call)
    try:
        proven = check_proof(keys, call, ticket=posted.ticket, altcha=posted.altcha, now=now)
    except ProofExpired as expired:
        proven, late = True, late or expired
    answers = judge(call, _answers(posted))
    age = now.timestamp() - ticket.issued_at if ticket else None
    submission = received(
        published,
        submission_id or from_chance(),
        answers,
        language=language,
        now=now,
        at=stamp(now),
        flags=flags_of(call, answers, proven=proven, age=age),
    )
    if late is not None:
        # Nothing new is taken, but a repeat of what was taken in time still gets its answer.
        return _replay(submission, call, now, otherwise=late)
    return _store(submission, call, now, by_chance=submission_id is None)


def _identity(call: Call, ticket: Ticket | None, idempotency_key: str | None, keys: Keys) -> str | None:
    if ticket is not None:
        return ticket.submission_id
    if idempotency_key is None:
        return None
    if not (0 < len(idempotency_key) <= LONGEST_KEY and idempotency_key.isascii() and idempotency_key.isprintable()):
        raise KeyUnreadable
    return from_digest(keys.digest("identity", call.call, idempotency_key))


def _too_late(call: Call, ticket: Ticket | None, now: datetime) -> Refusal | None:
    """What stands against taking something new now; a repeat may still be answered."""
    try:
        check_open(call, now)
        if ticket is not None:
            check_age(ticket, call, now)
    except Refusal as refusal:
        return refusal
    return None


def check_open(call: Call, now: datetime) -> None:
    """Raises `CallNotOpen` with the dates, `CallFull`."""
    if call.phase(now) == "full":
        raise CallFull
    if call.phase(now) != "open":
        closes = stamp(call.closes) if call.closes else None
        raise CallNotOpen(facts={"opens_at": stamp(call.opens), "closes_at": closes})


def _answers(posted: Posted) -> dict[str, object]:
    """The posted answers. Raises `AnswersInvalid` for what stands beside them and should not."""
    errors = [FieldError(name, "unknown-field", N_("This call has no such field.")) for name in posted.unknown]
    if posted.honeypot:
        errors.append(
            FieldError("_website", "honeypot", N_("Please leave this field empty: it is there to catch robots."))
        )
    if errors:
        raise AnswersInvalid(errors=errors)
    return posted.answers


def _store(submission: Submission, call: Call, now: datetime, *, by_chance: bool) -> Accepted:
    for _ in range(_CHANCES):
        try:
            table.create(submission)
        except ConditionFailed:
            if not by_chance:
                return _replay(submission, call, now, otherwise=Unavailable())
            known = table.find(call.call, submission.id, call.policy.shards)
            if known is not None and (known.fingerprint, known.submitted_at) == (
                submission.fingerprint,
                submission.submitted_at,
            ):
                break  # our own write, repeated by the SDK after a lost reply
            # Two chances met: 2^55 to one, but a report must not hang on it.
            submission = _again(submission, call)
        else:
            break
    else:
        raise Unavailable
    LOAD.note(call.call, now)
    return Accepted(submission, replayed=False)


def _again(submission: Submission, call: Call) -> Submission:
    fresh = from_chance()
    return replace(submission, id=fresh, shard=shard_of(fresh, call.policy.shards))


def _replay(submission: Submission, call: Call, now: datetime, *, otherwise: Refusal) -> Accepted:
    known = table.find(call.call, submission.id, call.policy.shards)
    if known is None:
        raise otherwise
    if known.state == "erased":
        raise Erased(reference=known.reference)
    if known.expired(now):
        raise NotConfirmedInTime
    if known.fingerprint != submission.fingerprint:
        raise IdempotencyMismatch(reference=known.reference, facts={"reference": known.reference})
    return Accepted(known, replayed=True)
