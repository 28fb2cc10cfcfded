"""The form page: the call's questions as HTML, with what was typed and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.intake.proof import offer_proof
from chalicelib.intake.tickets import TicketRefused, issue_ticket
from chalicelib.web.pages import render
from chalicelib.web.problems import field_messages, problem_document

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from chalicelib.calls.call import Call
    from chalicelib.errors import Refusal
    from chalicelib.intake.bodies import Posted
    from chalicelib.runtime.keys import Keys
    from chalicelib.web.request import Request


def form_page(
    call: Call,
    request: Request,
    *,
    keys: Keys,
    now: datetime,
    posted: Posted | None = None,
    refusal: Refusal | None = None,
) -> str:
    """The form; after a refusal with all input kept, a summary on top and the same words beside each field."""
    needs_fresh = (
        posted is None or posted.ticket is None or (isinstance(refusal, TicketRefused) and not _still_good(refusal))
    )
    ticket = posted.ticket if posted and posted.ticket and not needs_fresh else issue_ticket(keys, call, now)
    messages = field_messages(refusal.errors, request.language) if refusal else []
    given = posted.answers if posted else {}
    return render(
        "intake/form.html",
        request,
        call=call,
        ticket=ticket,
        proof=offer_proof(keys, call, ticket, now, posted=posted.altcha if posted else None),
        values=shown_values(given),
        errors={one["field"]: one["message"] for one in messages},
        summary=error_summary(call, messages, request.language),
        problem=problem_document(refusal, request) if refusal else None,
        phase=call.phase(now),
        event_over=call.event is not None and call.in_utc(call.event.ends_at) < now,
    )


def _still_good(refusal: TicketRefused) -> bool:
    # A ticket that was too young a moment ago is old enough now; a fresh one would be too young again.
    return refusal.code == "ticket-too-young"


def shown_values(given: Mapping[str, Any]) -> dict[str, list[str]]:
    """What was given, as the form's controls take it: a list of texts for each field."""
    return {name: _shown(value) for name, value in given.items()}


def error_summary(call: Call, messages: list[dict[str, str]], language: str) -> list[dict[str, str]]:
    """The messages with each field's label, for the summary on top."""
    return [one | {"label": _label(call, one["field"], language)} for one in messages]


def _shown(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return ["true" if one is True else str(one) for one in values]


def _label(call: Call, name: str, language: str) -> str:
    field = call.fields.get(name)
    return field.label[language] if field else name
