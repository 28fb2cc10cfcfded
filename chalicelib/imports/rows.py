"""Rows of a list become answers: columns to questions, words to choices, each row judged as a form is. Values only.

A list differs from a form in two things: who wrote it down is not who is asked for a name, an address and consents. So
fields about a sender may be empty, and consents are never taken from a list (decision 28).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.calls.answers import AnswersInvalid, judge
from chalicelib.errors import N_, FieldError

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.calls.fields import Field

OWN_NUMBER = "_number"
"""The column that holds the list's own numbers: a row is the same again if its number is."""
_PARTS = re.compile(r"\s*[;|\n]\s*")
_GERMAN_DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")


class Columns(Struct, frozen=True):
    """What each column answers: ids of fields in the order of the columns, `OWN_NUMBER`, or nothing where one is left
    out. `fixed` is what is answered where a row says nothing; `language` the one the texts are written in.
    """

    fields: tuple[str, ...]
    fixed: dict[str, str] = {}
    language: str = "de"


class RowError(Struct, frozen=True):
    """What is wrong in a row: its number in the spreadsheet, the field, and the name of the column, if it has one."""

    row: int
    field: str
    column: str
    code: str
    message: str
    details: dict[str, str | int] = {}


class Row(Struct, frozen=True):
    """A row as answers, and those of them that stand in the row itself. `own` is its number in the list's counting."""

    number: int
    answers: dict[str, Any]
    told: dict[str, Any]
    own: str = ""


class RowInvalid(Exception):
    """A row that cannot be taken over."""

    def __init__(self, errors: list[RowError]) -> None:
        super().__init__()
        self.errors = errors


def fillable(call: Call) -> tuple[Field, ...]:
    """The fields that a list may fill, those about a sender optional."""
    asks = call.form.submitter_email
    return tuple(
        replace(one, required=False) if one.personal or one.id == asks else one
        for one in call.fields.values()
        if one.type != "consent"
    )


def lenient(call: Call) -> Call:
    """The call as a list answers it."""
    known = {one.id: one for one in fillable(call)}
    steps = tuple(
        replace(step, fields=tuple(known[one.id] for one in step.fields if one.id in known)) for step in call.form.steps
    )
    return replace(call, form=replace(call.form, steps=steps))


def guess(call: Call, columns: Sequence[str]) -> tuple[str, ...]:
    """The question that each column seems to answer: by its id or its words in any language, or by words that only one
    question has.
    """
    words = {one.id: [_plain(each) for each in (one.id, *one.label.values())] for one in fillable(call)}
    found: list[str] = []
    for column in columns:
        name = _plain(column)
        same = [field for field, known in words.items() if name in known]
        close = same or [
            field
            for field, known in words.items()
            if name and any(set(name.split()) <= set(one.split()) for one in known)
        ]
        if len(close) > 1:
            close = [one for one in close if one == call.form.title_field]
        found.append(close[0] if len(close) == 1 and close[0] not in found else "")
    return tuple(found)


def check_columns(call: Call, columns: Columns) -> None:
    """Raises `AnswersInvalid` where what must be answered has neither a column nor an answer for all rows."""
    errors = [
        FieldError(field.id, "required", N_("Please choose a column for this, or one answer for all rows."))
        for field in fillable(call)
        if field.required and field.show_if is None and not {field.id} & {*columns.fields, *columns.fixed}
    ]
    if errors:
        raise AnswersInvalid(N_("Please look at the columns named below. Nothing was taken over yet."), errors=errors)


def read_columns(
    call: Call, names: Sequence[str], chosen: Mapping[str, str], fixed: Mapping[str, str], language: str
) -> Columns:
    """The columns as somebody chose them: `chosen` has the name of a column by field id (or `OWN_NUMBER`).

    Raises `AnswersInvalid` for a field or a column that there is not, and where one column shall answer two questions.
    """
    known = {one.id for one in fillable(call)}
    fields = dict.fromkeys(names, "")
    errors = [
        FieldError(name, "unknown-field", N_("This call has no such field."))
        for name in {*chosen, *fixed} - known - {OWN_NUMBER}
    ]
    for field, column in chosen.items():
        if not column:
            continue
        if column not in fields:
            errors.append(FieldError(field, "unknown-column", N_("The list has no such column.")))
        elif fields[column]:
            errors.append(FieldError(field, "twice", N_("This column is chosen for another question already.")))
        else:
            fields[column] = field
    if errors:
        raise AnswersInvalid(N_("Please look at the columns named below. Nothing was taken over yet."), errors=errors)
    filled = {name: text for name, text in fixed.items() if text}
    return Columns(tuple(fields.values()), filled, language if language in call.languages else call.languages[0])


def read_row(call: Call, columns: Columns, names: Sequence[str], cells: Sequence[str], number: int) -> Row:
    """A row as answers to a call that was made `lenient`. `names` are those of the columns.

    Raises `RowInvalid` with every error in it.
    """
    stands = {field: text for field, text in zip(columns.fields, cells, strict=True) if field and text}
    own = stands.pop(OWN_NUMBER, "")
    given = {
        field.id: _value(field, text)
        for field in call.fields.values()
        if (text := stands.get(field.id) or columns.fixed.get(field.id, ""))
    }
    try:
        answers = judge(call, given)
    except AnswersInvalid as invalid:
        called = dict(zip(columns.fields, names, strict=True))
        raise RowInvalid(
            [
                RowError(number, one.field, called.get(one.field, ""), one.code, one.message, one.details)
                for one in invalid.errors
            ]
        ) from None
    return Row(number, dict(answers), {name: answers[name] for name in answers if name in stands}, own)


def _value(field: Field, text: str) -> Any:
    if field.type == "choice":
        return _choice(field, text) or text
    if field.type == "choices":
        return [one for part in _PARTS.split(text) if part for one in _choices(field, part)]
    if field.type == "date" and (day := _GERMAN_DAY.fullmatch(text)):
        return _day(int(day[3]), int(day[2]), int(day[1])) or text
    return text


def _day(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def _choices(field: Field, text: str) -> list[str]:
    """The choices in a text with commas, some of which may belong to a label: as much as makes one is taken at once."""
    parts = [part.strip() for part in text.split(",")]
    found: list[str] = []
    while parts:
        for many in range(len(parts), 0, -1):
            choice = _choice(field, ", ".join(parts[:many]))
            if choice or many == 1:
                found.append(choice or parts[0])
                del parts[:many]
                break
    return [one for one in found if one]


def _choice(field: Field, text: str) -> str:
    wanted = _plain(text)
    for choice in field.choices:
        if wanted in {_plain(choice.id), *(_plain(words) for words in choice.label.values())}:
            return choice.id
    return ""


def possible(field: Field, language: str) -> str:
    """What may stand in a cell for a field with choices."""
    return "; ".join(one.label.get(language) or next(iter(one.label.values())) for one in field.choices)


def _plain(words: str) -> str:
    return " ".join("".join(one if one.isalnum() else " " for one in words.casefold()).split())
