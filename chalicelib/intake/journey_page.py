"""The pages of the form step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.calls.answers import AnswersInvalid, judge
from chalicelib.intake.form_page import error_summary, shown_values
from chalicelib.intake.journey import step_of
from chalicelib.intake.proof import offer_proof
from chalicelib.intake.receipt_page import shown_answers
from chalicelib.web.pages import render
from chalicelib.web.problems import field_messages, problem_document

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.calls.call import Call
    from chalicelib.errors import Refusal
    from chalicelib.intake.bodies import Posted
    from chalicelib.intake.draft import Draft
    from chalicelib.intake.journey import Place
    from chalicelib.runtime.keys import Keys
    from chalicelib.web.request import Request


def step_page(
    call: Call,
    place: Place,
    draft: Draft | None,
    request: Request,
    *,
    posted: Posted | None = None,
    refusal: Refusal | None = None,
) -> str:
    """One step; after a refusal with all input kept, a summary on top and the same words beside each field."""
    kept: dict[str, Any] = dict(draft.answers) if draft else {}
    given = posted.answers if posted else kept
    messages = field_messages(refusal.errors, request.language) if refusal else []
    return render(
        "intake/step.html",
        request,
        call=call,
        place=place,
        values=shown_values(given),
        errors={one["field"]: one["message"] for one in messages},
        summary=error_summary(call, messages, request.language),
        problem=problem_document(refusal, request) if refusal else None,
        kept=draft is not None,
        back=request.query.get("back", ""),
    )


def check_page(call: Call, draft: Draft, request: Request, *, keys: Keys, now: datetime) -> str:
    """All answers by step; what is missing is named with a link to the step that asks it."""
    try:
        judge(call, draft.answers)
        messages = []
    except AnswersInvalid as invalid:
        messages = field_messages(invalid.errors, request.language)
    summary = [one | {"step": step_of(call, one["field"])} for one in error_summary(call, messages, request.language)]
    sections = []
    for step in call.form.steps:
        own = {field.id: draft.answers[field.id] for field in step.fields if field.id in draft.answers}
        sections.append((step, shown_answers(call, own, request.language)))
    return render(
        "intake/check.html",
        request,
        call=call,
        ticket=draft.ticket,
        proof=offer_proof(keys, call, draft.ticket, now),
        sections=sections,
        summary=summary,
        values=shown_values(draft.answers),
    )
