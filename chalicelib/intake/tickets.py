"""Tickets: what a form page carries so that one page load makes at most one submission.

A ticket names the call and the id its submission will have, and when it was given out; it is signed, not stored. Too
young means a robot, too old means a page left open for days.
"""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from chalicelib.errors import N_, Refusal
from chalicelib.runtime.keys import BadSignature, Keys
from chalicelib.submissions.reference import from_chance

if TYPE_CHECKING:
    from chalicelib.calls.call import Call

_PURPOSE = "ticket"


class TicketRefused(Refusal):
    """The ticket was not given out by us, or for another call."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "ticket-refused"
    title: ClassVar[str] = N_("This form page is not valid any more.")
    message: ClassVar[str] = N_(
        "Please send the form again: this page now carries a fresh ticket. Your answers are still here."
    )


class TicketExpired(TicketRefused):
    """Older than `policy.ticket_max_seconds`."""

    code: ClassVar[str] = "ticket-expired"
    title: ClassVar[str] = N_("This form page was open for too long.")


class TicketTooYoung(TicketRefused):
    """Younger than `policy.ticket_min_seconds`."""

    code: ClassVar[str] = "ticket-too-young"
    title: ClassVar[str] = N_("That was very fast.")
    message: ClassVar[str] = N_(
        "To keep robots out we take no form in the first moments after it was opened. Please send it again now."
    )


class TicketMissing(TicketRefused):
    """`policy.tickets` is `required` and there is none."""

    code: ClassVar[str] = "ticket-missing"
    title: ClassVar[str] = N_("This call takes reports only from a form page.")
    message: ClassVar[str] = N_("Please open the form page, or get a ticket with POST /calls/%(call)s/tickets.")


class Ticket(Struct, frozen=True):
    """What a ticket says: the id its submission gets, and when it was given out (epoch seconds)."""

    submission_id: str
    issued_at: int


def issue_ticket(keys: Keys, call: Call, now: datetime) -> str:
    """A fresh ticket for `call`."""
    return keys.sign(_PURPOSE, [call.call, from_chance(), int(now.timestamp())])


def read_ticket(keys: Keys, call: Call, signed: str) -> Ticket:
    """What the ticket says, whatever its age. Raises `TicketRefused`."""
    try:
        name, submission_id, issued_at = keys.verify(_PURPOSE, signed)
    except (BadSignature, ValueError) as error:
        raise TicketRefused from error
    if name != call.call:
        raise TicketRefused
    return Ticket(submission_id=str(submission_id), issued_at=int(issued_at))


def check_age(ticket: Ticket, call: Call, now: datetime) -> None:
    """Raises `TicketTooYoung` with the whole seconds to wait, `TicketExpired`."""
    age = now.timestamp() - ticket.issued_at
    if age < call.policy.ticket_min_seconds:
        wait = ceil(call.policy.ticket_min_seconds - age)
        raise TicketTooYoung(
            seconds=call.policy.ticket_min_seconds,
            facts={"retry_after_seconds": wait},
            headers={"Retry-After": str(wait)},
        )
    if age > call.policy.ticket_max_seconds:
        raise TicketExpired
