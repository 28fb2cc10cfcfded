"""The pages of the receipt: state in plain words, what was sent, what happened, and what may be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.errors import N_
from chalicelib.intake.form_page import error_summary, shown_values
from chalicelib.ledger.entry import WORDS as MAIL_WORDS
from chalicelib.ledger.kinds import WORDS as KIND_WORDS
from chalicelib.ledger.kinds import family_of
from chalicelib.runtime.clock import moment
from chalicelib.submissions.changes import possible
from chalicelib.web.languages import format_moment, translate
from chalicelib.web.pages import render
from chalicelib.web.problems import field_messages, problem_document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chalicelib.calls.call import Call, PublishedCall
    from chalicelib.calls.fields import Field
    from chalicelib.errors import Refusal
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
_MEANINGS = {
    "confirmed": N_("As soon as they have decided, you will see it here."),
    "accepted": N_("Your report is part of the collection."),
    "rejected": N_("It will not be part of the collection."),
    "duplicate": N_("Somebody else reported the same. Both reports count as one."),
    "withdrawn": N_("Nobody works with it any more, and nothing of it is shown in public. You can still erase it."),
}
_STILL_PUBLIC = N_("You changed it after the decision. What was published stays as it is until they decide again.")
EVENTS = {
    "received": N_("Your report was received."),
    "confirmed": N_("You confirmed your e-mail address."),
    "changed": N_("You changed your report."),
    "accepted": N_("The organisers accepted your report."),
    "rejected": N_("The organisers did not accept your report."),
    "duplicate": N_("The organisers merged your report with another one."),
    "reopened": N_("The organisers will decide about your report again."),
    "undone": N_("The organisers took their last decision back."),
    "withdrawn": N_("You withdrew your report."),
}
_DONE = {
    "changed": N_("Your changes are saved."),
    "unchanged": N_("Nothing was changed: your answers are the same as before."),
    "withdrawn": N_("Your report is withdrawn."),
}


def receipt_page(call: Call, submission: Submission, mails: list[Entry], request: Request, *, token: str) -> str:
    """The page; its form posts to `{token}/…`, relative to where it stands."""
    language = request.language

    def when(stamped: str) -> str:
        return format_moment(moment(stamped), language, call.time_zone)

    def words(table: Mapping[str, str], name: str) -> str:
        return translate(language, table.get(name, name))

    still_public = submission.state == "confirmed" and submission.published is not None
    meaning = _STILL_PUBLIC if still_public else _MEANINGS.get(submission.state, "")
    return render(
        "intake/receipt.html",
        request,
        call=call,
        token=token,
        reference=submission.reference,
        state=submission.state,
        state_words=words(STATES, submission.state),
        meaning=translate(language, meaning),
        done=translate(language, _DONE.get(request.query.get("done", ""), "")),
        submitted=when(submission.submitted_at),
        answers=shown_answers(call, submission.read_answers(), language),
        history=[(when(one.at), words(EVENTS, one.event)) for one in submission.history],
        mails=[
            (
                words(KIND_WORDS, family_of(one.kind)),
                words(MAIL_WORDS, one.state),
                when(one.sent_at or one.changed_at),
            )
            for one in mails
        ],
        actions=possible(submission.state),
    )


def change_page(
    call: Call,
    submission: Submission,
    request: Request,
    *,
    token: str,
    given: Mapping[str, Any] | None = None,
    refusal: Refusal | None = None,
) -> str:
    """The form with the answers as they are, or after a refusal as they were typed.

    Where somebody else was faster, both are shown side by side; sending once more is then meant for what is there now.
    """
    language = request.language
    messages = field_messages(refusal.errors, language) if refusal else []
    stored = submission.read_answers()
    return render(
        "intake/receipt_change.html",
        request,
        call=call,
        token=token,
        reference=submission.reference,
        version=submission.version,
        decided=submission.state not in {"received", "confirmed"},
        address=stored[call.form.submitter_email],
        values=shown_values(stored if given is None else given),
        errors={one["field"]: one["message"] for one in messages},
        summary=error_summary(call, messages, language),
        problem=problem_document(refusal, request) if refusal else None,
        differences=_differences(call, stored, given, language)
        if refusal and refusal.code == "changed-meanwhile" and given is not None
        else [],
    )


def erase_page(
    call: Call, submission: Submission, request: Request, *, token: str, refusal: Refusal | None = None
) -> str:
    """What goes, what stays, and the box to tick."""
    messages = field_messages(refusal.errors, request.language) if refusal else []
    return render(
        "intake/receipt_erase.html",
        request,
        call=call,
        token=token,
        reference=submission.reference,
        errors={one["field"]: one["message"] for one in messages},
        summary=[one | {"label": translate(request.language, N_("Erase"))} for one in messages],
        problem=problem_document(refusal, request) if refusal else None,
    )


def erased_page(call: Call, refusal: Refusal, request: Request) -> str:
    """What is left of an erased report."""
    facts = {
        name: format_moment(moment(str(refusal.facts[name])), request.language, call.time_zone)
        for name in ("submitted_at", "erased_at")
    }
    return render("intake/receipt_erased.html", request, call=call, reference=refusal.facts["reference"], **facts)


def missing_page(calls: Sequence[PublishedCall], refusal: Refusal, request: Request) -> str:
    """A link that leads nowhere, whatever the cause; and where to get a new one."""
    problem = problem_document(refusal, request)
    return render("intake/receipt_missing.html", request, calls=[one.call for one in calls], problem=problem)


def shown_answers(call: Call, answers: dict[str, Any], language: str) -> list[tuple[str, list[str]]]:
    """Question and answer in words, in the order of the form; what was not answered is left out."""
    return [
        (call.fields[name].label[language], _words(call.fields[name], answers[name], language))
        for name in call.fields
        if name in answers
    ]


def _differences(
    call: Call, stored: dict[str, Any], given: Mapping[str, Any], language: str
) -> list[tuple[str, list[str], list[str]]]:
    """Question, what is stored and what was typed, where they differ."""
    pairs = []
    for name, field in call.fields.items():
        if name == call.form.submitter_email:
            continue
        sides = [
            _words(field, side[name], language) if side.get(name) not in (None, "", []) else []
            for side in (stored, given)
        ]
        if sides[0] != sides[1]:
            pairs.append((field.label[language], sides[0], sides[1]))
    return pairs


def _words(field: Field, answer: Any, language: str) -> list[str]:
    if field.type == "consent":
        return [translate(language, N_("Yes") if answer else N_("No"))]
    labels = {choice.id: choice.label[language] for choice in field.choices}
    values = answer if isinstance(answer, list) else [answer]
    return [labels.get(str(value), str(value)) for value in values]
