"""What the routes of one submission take and give, for `/openapi.json`. The words are the views' docstrings."""

from __future__ import annotations

from typing import Any, TypedDict

from chalicelib.errors import ChangedMeanwhile
from chalicelib.organisers.decision_operations import BODY, CALL, READING, REFERENCE
from chalicelib.submissions.decisions import NotDecidable
from chalicelib.submissions.submission import State
from chalicelib.web.operation import FORM, JSON, PAGE, Answer, Operation, see


class NoteDocument(TypedDict):
    """What an organiser noted."""

    at: str
    who: str
    text: str


class AlikeDocument(TypedDict):
    """A report that may be about the same; `reasons` say what is how much alike (0 to 100)."""

    reference: str
    state: State
    title: str
    score: int
    reasons: dict[str, int]


class CoreDocument(TypedDict):
    """A submission as stored. `edited` is the organisers' copy of the public answers, `published` what is public."""

    reference: str
    call: str
    state: State
    version: int
    language: str
    form_version: int
    submitted_at: str
    confirmed_at: str | None
    decided_at: str | None
    changed_at: str
    source: str
    answers: dict[str, Any]
    public: dict[str, Any]
    edited: dict[str, Any] | None
    published: dict[str, Any] | None
    copy_outdated: bool
    takes_part: bool
    flags: list[str]
    reports: int
    merged: list[str]
    duplicate_of: str | None
    decisions: list[str]
    undo: dict[str, str] | None


class DetailDocument(CoreDocument):
    """A submission with everything that hangs on it. `compared` is how many reports it was compared with."""

    history: list[dict[str, str]]
    revisions: list[dict[str, Any]]
    notes: list[NoteDocument]
    mails: list[dict[str, str]]
    audit: list[dict[str, str | None]]
    likely_duplicates: list[AlikeDocument]
    compared: int


class NotesDocument(TypedDict):
    """All notes about a submission."""

    notes: list[NoteDocument]


_ONE = CALL | {"submission": REFERENCE}
_VERSION = {"type": "integer", "minimum": 1, "description": "The version that this is meant for."}
_COPY = {
    "type": "object",
    "properties": {
        "published": {
            "type": ["object", "null"],
            "description": "Answers to the public fields; null discards the copy.",
        },
        "version": _VERSION,
    },
    "required": ["published"],
    "additionalProperties": False,
}
_NOTE = {
    "type": "object",
    "properties": {"text": {"type": "string", "minLength": 1, "maxLength": 4000}},
    "required": ["text"],
    "additionalProperties": False,
}

SHOW = Operation(
    room="organisers", names=_ONE, login=True, refuses=READING,
    gives={200: Answer("As JSON or as a page.", {JSON: DetailDocument, PAGE: {"type": "string"}})},
)  # fmt: skip
EDIT = Operation(
    room="organisers",
    names=_ONE,
    login=True,
    takes={JSON: _COPY, FORM: {"type": "object"}},
    gives={200: Answer("The submission as it is now.", {JSON: CoreDocument}), 303: see("For browsers: back to it.")},
    refuses=(*READING, *BODY, NotDecidable, ChangedMeanwhile),
)
NOTE = Operation(
    room="organisers",
    names=_ONE,
    login=True,
    takes={JSON: _NOTE, FORM: _NOTE},
    gives={200: Answer("All notes.", {JSON: NotesDocument}), 303: see("For browsers: back to the submission.")},
    refuses=(*READING, *BODY),
)
