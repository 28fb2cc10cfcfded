"""Mails about decisions wait: prepared ones for an organiser, others until the decision can no longer be undone."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from chalicelib.jobs.batches import TryLater
from chalicelib.jobs.consequences import when_to_send
from chalicelib.ledger import table as ledger
from chalicelib.runtime.clock import moment, stamp
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log
from chalicelib.runtime.settings import settings
from chalicelib.submissions.links import address_digest

if TYPE_CHECKING:
    from chalicelib.mail.delivery import Letter
    from chalicelib.submissions.submission import Submission

UNDOABLE = "undoable"


def put_off(letter: Letter, submission: Submission, at: datetime) -> bool:
    """Whether a mail about a decision waits for an organiser from now on.

    Not when the ledger knows it: then it waits already, or was let go. Raises `TryLater` as long as the decision may be
    undone; the ledger says until when.
    """
    address = address_digest(keys(), letter.to)
    if when_to_send(letter.kind, letter.call.policy.mails) == "prepared":
        held = ledger.note(
            letter.call.call, letter.id, letter.kind, "held", cause="prepared", at=stamp(at), address=address
        )
        if held is not None:
            log("mail-prepared", call=letter.call.call, reference=letter.id, kind=letter.kind)
        return held is not None
    until = goes_at(submission)
    if until is None or until <= at:
        return False
    ledger.note(
        letter.call.call, letter.id, letter.kind, "owed",
        cause=UNDOABLE, at=stamp(at), address=address, until=ceil(until.timestamp()),
    )  # fmt: skip
    log("mail-undoable", call=letter.call.call, reference=letter.id, kind=letter.kind)
    raise TryLater(ceil((until - at).total_seconds()))


def goes_at(submission: Submission) -> datetime | None:
    """When the mail about the last decision may go out; `None` when nothing can be undone (any more)."""
    if submission.undo is None:
        return None
    return moment(submission.undo.at) + timedelta(seconds=settings().decision_mail_seconds)
