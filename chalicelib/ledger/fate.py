"""What became of a mail, from what SES tells: a set of events. Values only.

Events come twice, late and in any order, so the state follows from the set alone: of each kind the earliest is kept,
and the kinds have ranks. The same events give the same state, whatever their order.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.ledger.entry import Entry, Events, MailState

Happened = Literal[
    "send", "delay", "delivery", "bounce", "transient-bounce", "complaint", "reject", "rendering-failure"
]  # fmt: skip

# The first that happened decides. A complaint needs a delivery, and outranks it. A mailbox that takes the mail and
# sends it back later leaves a delivery and a permanent bounce: it did not arrive. Somebody's automatic answer leaves a
# delivery and a transient bounce (govuk-forms/forms-runner#1568): it arrived.
_RANKS: tuple[tuple[Happened, MailState], ...] = (
    ("complaint", "complained"),
    ("bounce", "bounced"),
    ("delivery", "delivered"),
    ("transient-bounce", "bounced"),
    ("reject", "failed"),
    ("rendering-failure", "failed"),
    ("delay", "sent"),
    ("send", "sent"),
)


class Event(Struct, frozen=True):
    """One thing that SES tells about a mail. `at` is a stamp, `cause` a code of SES or empty."""

    kind: Happened
    at: str
    cause: str = ""


def joined(events: Events, event: Event) -> Events:
    """`events` with one more: of a kind the earliest counts."""
    told = (event.at, event.cause)
    known = events.get(event.kind)
    return events if known is not None and known <= told else events | {event.kind: told}


def verdict(events: Events) -> tuple[MailState, str] | None:
    """State and cause that follow from `events`; `None` from none."""
    return next(((state, events[kind][1]) for kind, state in _RANKS if kind in events), None)


def after(entry: Entry, event: Event, *, message_id: str, at: str) -> Entry:
    """The entry after an event; itself when the event says nothing new. `at` is now, a stamp.

    What is held or suppressed was not sent in this round, so an event cannot be about it.
    """
    events = joined(entry.events, event)
    if events == entry.events or entry.state in {"held", "suppressed"}:
        return entry
    found = verdict(events)
    state, cause = found or (entry.state, entry.cause)
    times = [entry.sent_at, *(told_at for told_at, _ in events.values())]
    return replace(
        entry,
        state=state,
        cause=cause,
        events=events,
        message_id=entry.message_id or message_id,
        sent_at=min(one for one in times if one is not None),
        changed_at=at if state != entry.state else entry.changed_at,
    )
