"""What the routes of imports take and give, for `/openapi.json`. The words are the views' docstrings."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from chalicelib.errors import ChangedMeanwhile
from chalicelib.imports.sheet import ListTooLarge, ListUnreadable
from chalicelib.imports.taking import ImportState, NotImportable
from chalicelib.organisers.decision_operations import BODY, CALL, READING
from chalicelib.web.bodies import BodyUnreadable, MediaTypeUnknown
from chalicelib.web.operation import FORM, JSON, MULTIPART, PAGE, Answer, Operation, see
from chalicelib.web.uploads import CSV, OCTETS, XLSX


class ColumnDocument(TypedDict):
    """A column of the list, and the field it answers (null: none); before anybody chose, as we guess."""

    name: str
    field: str | None


class ProblemDocument(TypedDict):
    """Why a row is not taken over as it stands; `row` is its number in the spreadsheet."""

    row: int
    column: str
    code: str
    reason: str


class AlikeDocument(TypedDict):
    """A row that looks like a report that is there, or like an earlier row of the list."""

    row: int
    title: str
    score: int
    reasons: dict[str, int]
    reference: str | None
    other_row: int | None


class ImportDocument(TypedDict):
    """One list on its way; times are UTC. `counts` are rows by what becomes (once it is started: became) of them."""

    call: str
    import_id: str
    state: ImportState
    file: str
    rows: int
    done: int
    requested_by: str
    created_at: str
    columns: list[ColumnDocument]
    fixed: dict[str, str]
    language: str
    counts: dict[str, int]
    problems: NotRequired[list[ProblemDocument]]
    problems_total: NotRequired[int]
    likely_duplicates: NotRequired[list[AlikeDocument]]
    cause: NotRequired[str]


class ImportsDocument(TypedDict):
    """The newest imports of a call."""

    imports: list[ImportDocument]


_TEXT = {"type": "string"}
_BYTES = {"type": "string", "format": "binary"}
_NAMES = CALL | {"import_id": {"type": "string", "pattern": "^[0-9A-Za-z-]+$"}}
_FORM: dict[str, Any] = {"type": "object", "properties": {"file": _BYTES}, "required": ["file"]}
_BY_FIELD = {"type": "object", "additionalProperties": {"type": "string"}}
_COLUMNS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "columns": _BY_FIELD | {"description": "The name of a column by field; `_number`: the list's own numbers."},
        "fixed": _BY_FIELD | {"description": "An answer by field, for rows that say nothing."},
        "language": {"type": "string", "description": "What the texts are written in."},
    },
    "required": ["columns"],
    "additionalProperties": False,
}
_START: dict[str, Any] = {
    "type": "object",
    "properties": {
        "declared": {"const": True, "description": "That you may hand on these reports, and publish what is public."},
        "leave": {"type": "array", "items": {"type": "integer"}, "description": "Numbers of rows to leave out."},
    },
    "required": ["declared"],
    "additionalProperties": False,
}
_ALL = {JSON: ImportDocument, PAGE: _TEXT}
_THERE = see("Browsers: look at the import.")

LIST = Operation(
    room="organisers", names=CALL, login=True, refuses=READING,
    gives={200: Answer("As JSON or as a page.", {JSON: ImportsDocument, PAGE: _TEXT})},
)  # fmt: skip
BRING = Operation(
    room="organisers",
    names=CALL,
    login=True,
    takes={MULTIPART: _FORM, CSV: _BYTES, XLSX: _BYTES, OCTETS: _BYTES},
    gives={
        201: Answer("It is stored; nothing is taken over yet.", {JSON: ImportDocument}, {"Location": "Its address."}),
        303: _THERE,
    },
    refuses=(*READING, MediaTypeUnknown, BodyUnreadable, ListTooLarge, ListUnreadable),
)
SHOW = Operation(
    room="organisers", names=_NAMES, login=True, refuses=READING,
    gives={200: Answer("As JSON or as a page.", _ALL)},
)  # fmt: skip
CHOOSE = Operation(
    room="organisers",
    names=_NAMES,
    login=True,
    takes={JSON: _COLUMNS, FORM: {"type": "object"}},
    gives={202: Answer("It is being checked.", {JSON: ImportDocument}), 303: _THERE},
    refuses=(*READING, *BODY, NotImportable, ChangedMeanwhile),
)
START = Operation(
    room="organisers",
    names=_NAMES,
    login=True,
    takes={JSON: _START, FORM: {"type": "object"}},
    gives={202: Answer("It is being taken over.", {JSON: ImportDocument}), 303: _THERE},
    refuses=(*READING, *BODY, NotImportable, ChangedMeanwhile),
)
CANCEL = Operation(
    room="organisers", names=_NAMES, login=True, refuses=(*READING, ChangedMeanwhile),
    gives={200: Answer("As it is now.", {JSON: ImportDocument}), 303: _THERE},
)  # fmt: skip
PROBLEMS = Operation(
    room="organisers", names=_NAMES, login=True, refuses=READING,
    gives={200: Answer("Row, column and reason; for a German Excel.", {CSV: _TEXT})},
)  # fmt: skip
SAMPLE = Operation(
    room="organisers", names=CALL, login=True, refuses=READING,
    gives={200: Answer("The questions as names of columns, and a row that shows how.", {CSV: _TEXT})},
)  # fmt: skip
