"""What an organiser reads of a list: what is wrong in which row and column, and an example of a list to fill in."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.errors import N_
from chalicelib.imports.rows import fillable, possible
from chalicelib.imports.taking import Outcome, read_outcomes
from chalicelib.web.cells import neutral
from chalicelib.web.languages import translate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chalicelib.calls.call import Call
    from chalicelib.calls.fields import Field
    from chalicelib.imports.rows import RowError
    from chalicelib.imports.storage import Findings
    from chalicelib.imports.taking import Import

_BOM = "\ufeff"
_NOT_IN: dict[Outcome, str] = {
    "other": N_("A report with this number is here already, with other content. It stays as it is."),
    "erased": N_("This report was taken over before and has been erased since. It does not come back."),
    "repeated": N_("The same as row %(row)s. It is taken over once."),
    "left": N_("Left out by choice."),
}


class Problem(Struct, frozen=True):
    """Why a row is not taken over as it stands: its number in the spreadsheet, the column (empty: the row as a whole),
    and the reason in words.
    """

    row: int
    column: str
    code: str
    reason: str


def problems(call: Call, taking: Import, findings: Findings, language: str) -> list[Problem]:
    """Everything that is not taken over, in the order of the rows."""
    found = [_problem(call, one, language) for one in findings.errors]
    outcomes = read_outcomes(taking.outcomes or findings.found)
    for number, outcome in zip(findings.numbers, outcomes, strict=False):
        if outcome in _NOT_IN:
            earlier: dict[str, str | int] = {"row": findings.repeats.get(str(number), 0)}
            found.append(Problem(number, "", outcome, translate(language, _NOT_IN[outcome], earlier)))
    return sorted(found, key=lambda one: one.row)


def problems_file(found: Iterable[Problem], language: str) -> str:
    """The same as a file that a German Excel opens with a double click."""
    heading = (N_("Row"), N_("Column"), N_("Reason"))
    rows = [[str(one.row), neutral(one.column), neutral(one.reason)] for one in found]
    return _csv([[translate(language, one) for one in heading], *rows])


def sample_file(call: Call, language: str) -> str:
    """A list to fill in: the questions as names of columns, and one row that shows what may stand in them."""
    fields = fillable(call)
    return _csv([[neutral(label_of(one, language)) for one in fields], [_example(one, language) for one in fields]])


def label_of(field: Field, language: str) -> str:
    """A question in `language`."""
    return field.label.get(language) or next(iter(field.label.values()))


def _problem(call: Call, error: RowError, language: str) -> Problem:
    reason = translate(language, error.message, error.details)
    field = call.fields.get(error.field)
    if field is not None and error.code == "unknown-choice":
        told: dict[str, str | int] = {"reason": reason, "choices": possible(field, language)}
        reason = translate(language, N_("%(reason)s It may be: %(choices)s."), told)
    column = error.column or (label_of(field, language) if field else error.field)
    return Problem(error.row, column, error.code, reason)


def _example(field: Field, language: str) -> str:
    if field.choices:
        # As many as one answer may have: one, or two where several may be chosen.
        several = field.type == "choices" and field.max_choices != 1
        return neutral(possible(replace(field, choices=field.choices[: 2 if several else 1]), language))
    examples = {
        "year": "2015", "date": "14.09.2017", "url": "https://www.example.org", "email": "name@example.org",
        "tel": "0231 123456",
    }  # fmt: skip
    return examples.get(field.type, translate(language, N_("Example, please overwrite")))


def _csv(rows: Iterable[Sequence[str]]) -> str:
    out = StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(rows)
    return _BOM + out.getvalue()
