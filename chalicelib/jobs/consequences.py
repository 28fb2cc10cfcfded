"""What follows from the state of a submission: the rule that relay and reconcile share."""

from __future__ import annotations

from chalicelib.jobs.messages import MailJob
from chalicelib.ledger.entry import Kind

_OWED: dict[str, tuple[Kind, ...]] = {"received": ("confirm",)}


def mails_owed(state: str) -> tuple[Kind, ...]:
    """The mails that somebody whose submission is in `state` is owed."""
    return _OWED.get(state, ())


def jobs_after(call: str, submission_id: str, state: str, previous_state: str | None) -> list[MailJob]:
    """The jobs that a change causes; `previous_state` is `None` for a new submission."""
    if state == previous_state:
        return []
    return [MailJob(call=call, submission=submission_id, kind=kind) for kind in mails_owed(state)]
