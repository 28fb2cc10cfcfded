"""What follows from the state of a submission: the rule that relay and reconcile share."""

from __future__ import annotations

from msgspec import Struct

from chalicelib.jobs.messages import MailJob
from chalicelib.ledger.entry import Kind


class Shown(Struct, frozen=True):
    """What of a stored submission decides how the public sees it: its state, and texts as they are stored."""

    state: str
    answers: str | None = None
    published: str | None = None
    merged: str | None = None
    consents: str | None = None


_OWED: dict[str, tuple[Kind, ...]] = {"received": ("confirm",)}


def mails_owed(state: str) -> tuple[Kind, ...]:
    """The mails that somebody whose submission is in `state` is owed."""
    return _OWED.get(state, ())


def jobs_after(call: str, submission_id: str, state: str, previous_state: str | None) -> list[MailJob]:
    """The jobs that a change causes; `previous_state` is `None` for a new submission."""
    if state == previous_state:
        return []
    return [MailJob(call=call, submission=submission_id, kind=kind) for kind in mails_owed(state)]


def landscape_changed(new: Shown | None, old: Shown | None) -> bool:
    """Whether the public sees something else than before, so that the landscape is to be refreshed."""
    return _seen(new) != _seen(old)


def _seen(shown: Shown | None) -> tuple[str | None, ...] | None:
    if shown is None:
        return None
    if shown.state == "accepted":
        return (shown.published or shown.answers, shown.merged, shown.consents)
    if shown.state == "confirmed" and shown.published:
        return (shown.published, shown.merged, shown.consents)
    return None
