"""Everything that is held about a report, for its submitter to take away (GDPR, articles 15 and 20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.access.table import audit_of
from chalicelib.errors import N_
from chalicelib.ledger.table import entries_of
from chalicelib.notes.table import notes_of
from chalicelib.revisions.table import revisions_of
from chalicelib.web.languages import translate

if TYPE_CHECKING:
    from chalicelib.submissions.submission import Submission

_MEMBERS = {
    "submission": N_("Your report as it is stored: its answers, consents, state, times and history."),
    "submission.fingerprint": N_("A check sum of the answers you first sent; it tells a repeated post from a new one."),
    "submission.flags": N_("What an automatic check found noticeable, for the organisers to judge."),
    "submission.published": N_("The text that the organisers published, if they did."),
    "submission.edited": N_("The organisers' own copy of the public part, if they made one."),
    "revisions": N_("Your earlier answers and consents, each until the time when you replaced them."),
    "notes": N_("What organisers noted about your report."),
    "mails": N_("Every e-mail to you and what became of it; “address” is a check sum of your e-mail address."),
    "audit": N_("When organisers did something with your report."),
}


def held_data(submission: Submission, language: str) -> dict[str, Any]:
    """The document, with a word on each member in `language`. Raises `Unavailable`."""
    report: dict[str, Any] = msgspec.to_builtins(submission)
    # Texts that hold JSON are shown as what they hold.
    report |= {"reference": submission.reference, "answers": submission.read_answers()}
    for name in ("published", "edited"):
        if report[name] is not None:
            report[name] = msgspec.json.decode(report[name])
    # Which other reports are about the same is not this sender's, and how to undo a decision is the organisers'.
    del report["merged"], report["undo"]
    return {
        "about": {name: translate(language, words) for name, words in _MEMBERS.items()},
        "submission": report,
        "revisions": [
            msgspec.to_builtins(one) | {"answers": one.read_answers()} for one in revisions_of(submission.id)
        ],
        # Who wrote it is another person's data.
        "notes": [{"at": one.at.partition("#")[0], "text": one.text} for one in notes_of(submission.id)],
        "mails": [msgspec.to_builtins(one) for one in entries_of(submission.id)],
        # Who it was is another person's data; what was done is the submitter's.
        "audit": [
            {"at": at.partition("#")[0], "event": event}
            for at, _who, event, _detail in audit_of(f"submission#{submission.id}")
        ],
    }
