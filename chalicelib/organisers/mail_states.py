"""What became of the e-mails to those who reported: one state for each submission of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chalicelib.jobs.consequences import mails_owed
from chalicelib.ledger import table

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.ledger.entry import MailState
    from chalicelib.submissions.submission import Submission


def mail_states(call: Call, submissions: Sequence[Submission]) -> dict[str, MailState]:
    """By submission id, the state of the newest mail that is owed to its sender; nothing where none is owed.

    One request for up to 100 submissions. Raises `Unavailable`.
    """
    owed = {one.id: mails_owed(one, call.policy.mails) for one in submissions}
    newest = [(submission_id, kinds[-1]) for submission_id, kinds in owed.items() if kinds]
    found = table.entries(newest)
    return {key[0]: found[key].state if key in found else "owed" for key in newest}
