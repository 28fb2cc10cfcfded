"""The receipt as a page: state in plain words, what was sent, what happened, what became of each mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.errors import N_
from chalicelib.intake.receipt import actions
from chalicelib.runtime.clock import moment
from chalicelib.web.languages import format_moment, translate
from chalicelib.web.pages import render

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.calls.fields import Field
    from chalicelib.ledger.entry import Entry
    from chalicelib.submissions.submission import Submission
    from chalicelib.web.request import Request

STATES = {
    "received": N_("Not confirmed yet"),
    "confirmed": N_("Confirmed, the organisers will read it"),
    "accepted": N_("Accepted"),
    "rejected": N_("Not accepted"),
    "duplicate": N_("Merged with another report"),
    "withdrawn": N_("Withdrawn"),
}
EVENTS = {
    "received": N_("Your report was received."),
    "confirmed": N_("You confirmed your e-mail address."),
    "accepted": N_("The organisers accepted your report."),
    "rejected": N_("The organisers did not accept your report."),
    "duplicate": N_("The organisers merged your report with another one."),
    "withdrawn": N_("You withdrew your report."),
}
MAILS = {"confirm": N_("E-mail with the link to this page")}
MAIL_STATES = {
    "owed": N_("waiting to be sent"),
    "claimed": N_("being sent"),
    "sent": N_("sent"),
    "failed": N_("could not be sent"),
}


def receipt_page(call: Call, submission: Submission, mails: list[Entry], request: Request, *, token: str) -> str:
    """The page; its form posts to `{token}/…`, relative to where it stands."""
    language = request.language

    def when(stamped: str) -> str:
        return format_moment(moment(stamped), language, call.time_zone)

    def words(table: dict[str, str], name: str) -> str:
        return translate(language, table.get(name, name))

    return render(
        "intake/receipt.html",
        request,
        call=call,
        token=token,
        reference=submission.reference,
        state=submission.state,
        state_words=words(STATES, submission.state),
        submitted=when(submission.submitted_at),
        answers=shown_answers(call, submission.read_answers(), language),
        history=[(when(one.at), words(EVENTS, one.event)) for one in submission.history],
        mails=[
            (words(MAILS, one.kind), words(MAIL_STATES, one.state), when(one.sent_at or one.changed_at))
            for one in mails
        ],
        actions=actions(submission),
    )


def shown_answers(call: Call, answers: dict[str, Any], language: str) -> list[tuple[str, list[str]]]:
    """Question and answer in words, in the order of the form; what was not answered is left out."""
    return [
        (call.fields[name].label[language], _words(call.fields[name], answers[name], language))
        for name in call.fields
        if name in answers
    ]


def _words(field: Field, answer: Any, language: str) -> list[str]:
    if field.type == "consent":
        return [translate(language, N_("Yes") if answer else N_("No"))]
    labels = {choice.id: choice.label[language] for choice in field.choices}
    values = answer if isinstance(answer, list) else [answer]
    return [labels.get(str(value), str(value)) for value in values]
