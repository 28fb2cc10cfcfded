"""What the routes of decisions take and give, for `/openapi.json`. The words are the views' docstrings."""

from __future__ import annotations

from typing import Any, TypedDict

from msgspec.structs import replace

from chalicelib.calls.answers import AnswersInvalid
from chalicelib.calls.schema import call_name
from chalicelib.errors import ChangedMeanwhile, LoginNeeded, NotFound, Unavailable
from chalicelib.organisers.deciding import MOST_AT_ONCE, OutcomeCode
from chalicelib.submissions.decisions import (
    DECISIONS,
    CannotMerge,
    CopyOutdated,
    NotDecidable,
    UndoOver,
)
from chalicelib.submissions.submission import State
from chalicelib.web.bodies import BodyTooLarge, BodyUnreadable, MediaTypeUnknown
from chalicelib.web.operation import FORM, JSON, PAGE, Answer, Operation, see

REFERENCE = {"type": "string", "pattern": "^[0-9A-Za-z -]{12,20}$"}
CALL = {"call": call_name}
READING = (LoginNeeded, NotFound, Unavailable)
BODY = (BodyTooLarge, MediaTypeUnknown, BodyUnreadable, AnswersInvalid)


class OutcomeDocument(TypedDict):
    """What became of one submission; its state and version are those it has now, or none where there is none."""

    reference: str
    outcome: OutcomeCode
    state: State | None
    version: int | None


class DecisionDocument(TypedDict):
    """What became of a decision. `batch` names it, for undoing it until `undo_until` (UTC)."""

    decision: str
    batch: str
    undo_until: str | None
    done: int
    outcomes: list[OutcomeDocument]


_ONE: dict[str, Any] = {
    "oneOf": [
        REFERENCE,
        {
            "type": "object",
            "properties": {"reference": REFERENCE, "version": {"type": "integer", "minimum": 1}},
            "required": ["reference"],
            "additionalProperties": False,
        },
    ]
}
_DECISION: dict[str, Any] = {
    "type": "object",
    "properties": {
        "decision": {"enum": [*DECISIONS, "undo"]},
        "submissions": {
            "type": "array",
            "items": _ONE,
            "minItems": 1,
            "maxItems": MOST_AT_ONCE,
            "description": "References, or references with the version that the decision is meant for.",
        },
        "primary": REFERENCE
        | {"description": "`merge`: the one that leads. Without it the one whose sender takes part."},
        "batch": {"type": "string", "description": "`undo`: the decision to undo."},
    },
    "required": ["decision", "submissions"],
    "additionalProperties": False,
}

_ABOUT_ONE = _DECISION | {"required": ["decision"]}

DECIDE = Operation(
    room="organisers",
    names=CALL,
    login=True,
    takes={JSON: _DECISION, FORM: {"type": "object"}},
    gives={
        200: Answer(
            "What became of it, for each submission; for browsers that are to say yes first, the question.",
            {JSON: DecisionDocument, PAGE: {"type": "string"}},
        ),
        303: see("For browsers: back to where it was decided."),
    },
    refuses=(*READING, *BODY, NotDecidable, CopyOutdated, UndoOver, CannotMerge, ChangedMeanwhile),
)
DECIDE_ONE = replace(DECIDE, names=CALL | {"submission": REFERENCE}, takes={JSON: _ABOUT_ONE, FORM: {"type": "object"}})
