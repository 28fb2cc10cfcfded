"""Words that several organiser pages use: states, events, mails. Message ids of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.errors import N_
from chalicelib.runtime.clock import moment
from chalicelib.web.languages import format_moment, translate

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.calls.fields import Field
    from chalicelib.submissions.submission import Submission

STATES = {
    "received": N_("Not confirmed"),
    "confirmed": N_("To decide"),
    "accepted": N_("Accepted"),
    "rejected": N_("Rejected"),
    "duplicate": N_("Merged"),
    "withdrawn": N_("Withdrawn"),
}
EVENTS = {
    "received": N_("Received"),
    "confirmed": N_("Confirmed by its sender"),
    "changed": N_("Changed by its sender"),
    "accepted": N_("Accepted"),
    "rejected": N_("Rejected"),
    "duplicate": N_("Merged with another report"),
    "merged": N_("Merged"),
    "reopened": N_("To be decided again"),
    "withdrawn": N_("Withdrawn by its sender"),
    "imported": N_("Imported from a list"),
    "undone": N_("Decision undone"),
    "copy-edited": N_("Public text edited"),
    "note-added": N_("Note written"),
    "submission-read": N_("Read"),
}
MAILS = {
    "confirm": N_("Asking to confirm"),
    "receipt": N_("That it has arrived"),
    "links": N_("All links of the sender"),
    "published": N_("That it was accepted"),
    "declined": N_("That it was not accepted"),
    "merged": N_("That it was merged"),
    "changed": N_("That it was changed"),
    "announcement": N_("Announcement"),
}
MAIL_STATES = {
    "owed": N_("waiting"),
    "held": N_("held back until an organiser lets it go"),
    "claimed": N_("being sent"),
    "sent": N_("sent"),
    "delivered": N_("delivered"),
    "bounced": N_("came back"),
    "complained": N_("complained about as spam"),
    "suppressed": N_("not sent: mails to this address came back before"),
    "failed": N_("could not be sent"),
}


def in_words(table: dict[str, str], name: str, language: str) -> str:
    """The words for `name`, or itself where there are none."""
    return translate(language, table.get(name, name))


def when(stamped: str, call: Call, language: str) -> str:
    """A stamp in the call's own time."""
    return format_moment(moment(stamped), language, call.time_zone)


def answer_words(field: Field, answer: Any, language: str) -> list[str]:
    """An answer as people read it, a text for each choice."""
    if field.type == "consent":
        return [translate(language, N_("Yes") if answer else N_("No"))]
    labels = {choice.id: choice.label.get(language) or next(iter(choice.label.values())) for choice in field.choices}
    values = answer if isinstance(answer, list) else [answer]
    return [labels.get(str(value), str(value)) for value in values if value not in (None, "")]


def title_of(call: Call, submission: Submission) -> str:
    """What its sender calls it."""
    return str(submission.read_answers().get(call.form.title_field, submission.reference))
