"""What the public routes take and give, for `/openapi.json`. The words are the views' docstrings."""

from __future__ import annotations

from chalicelib.calls.answers import AnswersInvalid
from chalicelib.calls.schema import call_name
from chalicelib.errors import NotFound, Unavailable
from chalicelib.intake import request_schemas as posted
from chalicelib.intake.accept import CallFull, CallNotOpen, IdempotencyMismatch, KeyUnreadable
from chalicelib.intake.cors import OriginRefused
from chalicelib.intake.documents import (
    AcceptedDocument,
    CallDocument,
    CallsDocument,
    HealthDocument,
    TicketDocument,
)
from chalicelib.intake.proof import ProofExpired, ProofMissing, ProofRefused
from chalicelib.intake.tickets import TicketExpired, TicketMissing, TicketRefused, TicketTooYoung
from chalicelib.submissions.submission import Erased, NotConfirmedInTime
from chalicelib.web.bodies import BodyTooLarge, BodyUnreadable, MediaTypeUnknown
from chalicelib.web.operation import FORM, JSON, MULTIPART, PAGE, Answer, Link, Operation, page, see

READING = (NotFound, Unavailable)
BODY = (BodyTooLarge, MediaTypeUnknown, BodyUnreadable)
CALL = {"call": call_name}
TEXT_PAGE = {"type": "string"}
SCHEMA_JSON = "application/schema+json"
_THEN = "$response.body#/reference"
_SAME_CALL = {"call": "$request.path.call"}

RUNNING_CALLS = Operation(
    room="calls",
    gives={200: Answer("The calls, as JSON or as a page.", {JSON: CallsDocument, PAGE: TEXT_PAGE})},
    refuses=(Unavailable,),
)
HEALTH = Operation(
    room="calls", gives={200: Answer("It is well.", {JSON: HealthDocument})}, refuses=(Unavailable,)
)  # fmt: skip
ONE_CALL = Operation(
    room="calls",
    names=CALL,
    gives={200: Answer("The call, as JSON or as a page.", {JSON: CallDocument, PAGE: TEXT_PAGE})},
    refuses=READING,
)
ANSWERS_SCHEMA = Operation(
    room="calls",
    names=CALL,
    gives={200: Answer("A JSON Schema (2020-12).", {SCHEMA_JSON: {"type": "object"}})},
    refuses=READING,
)
TICKET = Operation(
    room="submissions",
    names=CALL,
    gives={
        201: Answer(
            "A ticket.",
            {JSON: TicketDocument},
            links=(Link("submit", "A report with this ticket.", _SAME_CALL, {"ticket": "$response.body#/ticket"}),),
        )
    },
    refuses=(*READING, OriginRefused, CallNotOpen, CallFull),
)
_LOCATION = {"Location": "The thank-you page, relative to this address; it gives no rights."}
_THANKED = (
    Link("thanks", "What happens next, for people.", _SAME_CALL | {"shown": _THEN}),
    Link("one_call", "The call that it belongs to.", {"call": "$response.body#/call"}),
)
SUBMIT = Operation(
    room="submissions",
    names=CALL,
    headers={
        "Idempotency-Key": {
            "type": "string",
            "pattern": "^[!-~](?:[ -~]{0,253}[!-~])?$",
            "description": (
                "Makes it safe to repeat: the same key and the same answers give the same reference. One key, one "
                "report: with other answers it is refused. A ticket goes before it."
            ),
        }
    },
    takes={JSON: posted.report, FORM: posted.report_form, MULTIPART: posted.report_form},
    gives={
        201: Answer("The report was taken.", {JSON: AcceptedDocument}, _LOCATION, _THANKED),
        200: Answer(
            "It had been taken before: the same reference, and the state as it is now.",
            {JSON: AcceptedDocument},
            _LOCATION | {"Idempotent-Replayed": "`true`"},
        ),
        303: see("For browsers: it was taken, or had been taken before."),
    },
    refuses=(
        *READING, *BODY, OriginRefused, CallNotOpen, CallFull, TicketRefused, TicketExpired, TicketTooYoung,
        TicketMissing, ProofRefused, ProofExpired, ProofMissing, KeyUnreadable, AnswersInvalid, IdempotencyMismatch,
        NotConfirmedInTime, Erased,
    ),
)  # fmt: skip
THANKS = Operation(
    room="submissions",
    names=CALL | {"shown": {"type": "string", "pattern": "^[0-9A-Za-z -]{12,60}$"}},
    gives={200: page("What happens next, with the reference.")},
    refuses=READING,
)
FORM_PAGE = Operation(
    room="form", names=CALL, gives={200: page("The whole form, or when the call opens or closed.")}, refuses=READING
)
CHECK = Operation(
    room="form",
    names=CALL,
    gives={200: page("All answers, with a button to send them."), 303: see("To the first step: nothing is kept.")},
    refuses=READING,
)
_STEP = CALL | {"step": posted.ANY_STEP}
STEP = Operation(
    room="form",
    names=_STEP,
    each={"step": posted.step_forms},
    gives={200: page("The step."), 303: see("To the first step: nothing is kept.")},
    refuses=(*READING, CallNotOpen, CallFull),
)
KEEP = Operation(
    room="form",
    names=_STEP,
    each={"step": posted.step_forms},
    query={"back": {"type": "string", "description": "`check` leads straight back to the check page."}},
    takes={FORM: posted.STEP_FORM, MULTIPART: posted.STEP_FORM},
    gives={303: see("To the next step, or the check page; a cookie names what is kept, for a day.")},
    refuses=(*READING, *BODY, CallNotOpen, CallFull, AnswersInvalid),
)
DISCARD = Operation(room="form", names=CALL, gives={303: see("To the call.")}, refuses=READING)
EMBED = Operation(
    room="form",
    headers={"If-None-Match": {"type": "string"}},
    gives={200: Answer("The script.", {"text/javascript": TEXT_PAGE}), 304: Answer("It is the same.")},
)
