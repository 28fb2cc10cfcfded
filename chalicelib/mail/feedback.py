"""The feedback worker: what SES tells about mails goes into the ledger, the suppression list and the breaker's counts.

Safe to repeat, in any order: the state follows from the set of events, and an event counts when the ledger learns it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from chalicelib.jobs.batches import TryLater, work_through
from chalicelib.ledger import table as ledger
from chalicelib.ledger.fate import Happened, after
from chalicelib.mail import table
from chalicelib.mail.breaker import counter, kept_until, too_many, window
from chalicelib.mail.events import Told, Unreadable, read_event
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log, log_fault
from chalicelib.runtime.table import ConditionFailed
from chalicelib.submissions.links import address_digest

_TRIES = 5
_COUNTED: dict[Happened, table.Counted] = {"send": "sent", "bounce": "bounced", "complaint": "complained"}


def take_feedback(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Write down what each SQS record tells; the answer is a partial batch response."""
    return work_through(records, dict[str, Any], take)


def take(message: dict[str, Any], *, clock: Callable[[], datetime] = now) -> None:
    """Write down one event. What nobody can read, or is about no mail of ours, is dropped."""
    try:
        told = read_event(message)
    except Unreadable as error:
        log_fault("feedback-unreadable", error)
        return
    if told is None:
        return
    for address in told.addresses:
        complained = told.event.kind == "complaint"
        digest = address_digest(keys(), address)
        table.suppress(digest, "complaint" if complained else "bounce", at=told.event.at)
    if _note(told, stamp(clock())) and told.event.kind in _COUNTED and told.tried:
        _count(_COUNTED[told.event.kind], clock())


def _note(told: Told, at: str) -> bool:
    """Put the event into the ledger; whether it was news. Raises `TryLater` where others keep being faster."""
    for _ in range(_TRIES):
        entry = ledger.find(told.submission_id, told.kind)
        if entry is None or entry.round != told.round:
            # Erased meanwhile, or sent again by an organiser: what became of the mail before is past.
            log("feedback-past", reference=told.submission_id, kind=told.kind, code=told.event.kind)
            return False
        new = after(entry, told.event, message_id=told.message_id, at=at)
        if new is entry:
            return False
        try:
            ledger.put_events(entry, new)
        except ConditionFailed:
            continue
        log("feedback", call=entry.call, reference=entry.submission_id, kind=entry.kind, state=new.state)
        return told.event.kind not in entry.events
    raise TryLater


def _count(what: table.Counted, at: datetime) -> None:
    """Count an event, and stop sending when there are too many."""
    switch = table.switch()
    table.count_event(counter(switch, at), what, expires_at=kept_until(at))
    if what == "sent" or switch.stopped:
        return
    cause = too_many(table.counts(window(switch, at)))
    if cause is not None and table.stop(switch, cause=cause, at=stamp(at)):
        log("mails-stopped", cause=cause)
