"""`submissions.xlsx`: the table for people, with real dates and numbers, filters, a frozen header and a codebook.

Written row by row (`constant_memory`): what is done goes to disk. Text cells are strings and nothing else, and neutral
on top of that, since a sheet may be saved as CSV.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from chalicelib.errors import N_
from chalicelib.exports.columns import Column, columns, words
from chalicelib.exports.csv_files import local
from chalicelib.web.cells import neutral
from chalicelib.web.languages import translate

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.exports.documents import Record

NAME = "submissions.xlsx"
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 100_000  # what people look at; a sheet holds 1,048,576, and takes a minute to open
_LONGEST = 32_767  # characters in a cell; Excel refuses the whole file for one more
_FIRST_DAY = date(1900, 3, 1)  # Excel has a 29 February 1900, and no day before that year
_WIDTHS = {"moment": 18, "date": 12, "number": 9, "truth": 9, "code": 22, "codes": 28, "text": 26}
Put = Callable[[int, int, Any], object]


def write_workbook(path: Path, call: Call, records: Iterable[Record], *, made_at: datetime, folder: Path) -> None:
    """Write the file to `path`; `folder` takes what is written on the way. The same records, the same bytes."""
    # Here: only a worker that writes a workbook needs it.
    from xlsxwriter import Workbook

    options = {
        "constant_memory": True,
        "tmpdir": str(folder),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "dd.mm.yyyy hh:mm",
    }
    with Workbook(str(path), options) as book:
        book.set_properties({"title": words(call.title, call.languages[0]), "created": made_at.replace(tzinfo=None)})
        _submissions(book, call, records)
        _codebook(book, call)


def _submissions(book: Any, call: Call, records: Iterable[Record]) -> None:
    language = call.languages[0]
    sheet = book.add_worksheet(translate(language, N_("Reports")))
    wanted = columns(call)
    heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    sheet.freeze_panes(1, 1)
    for place, column in enumerate(wanted):
        sheet.set_column(place, place, _WIDTHS[column.kind])
        sheet.write_string(0, place, neutral(column.title(language)), heading)
    puts = [(one.value, _put(one, sheet, book, language, ZoneInfo(call.time_zone))) for one in wanted]
    row = 0
    for row, record in enumerate(records, start=1):
        for place, (take, put) in enumerate(puts):
            value = take(record)
            if value is not None:
                put(row, place, value)
    sheet.autofilter(0, 0, row, len(wanted) - 1)


def _put(column: Column, sheet: Any, book: Any, language: str, zone: ZoneInfo) -> Put:
    """How a value of this column is written."""
    labels = {code: words(texts, language) for code, texts in column.labels.items()}
    days = book.add_format({"num_format": "dd.mm.yyyy"})

    def text(row: int, place: int, value: Any) -> None:
        sheet.write_string(row, place, _cut(neutral(str(value))))

    def day(row: int, place: int, value: Any) -> None:
        found = date.fromisoformat(value)
        if found < _FIRST_DAY:
            text(row, place, value)
        else:
            sheet.write_datetime(row, place, found, days)

    puts: dict[str, Put] = {
        "number": sheet.write_number,
        "truth": sheet.write_boolean,
        "moment": lambda row, place, value: sheet.write_datetime(row, place, local(value, zone)),
        "code": lambda row, place, value: text(row, place, labels.get(value, value)),
        "codes": lambda row, place, value: text(row, place, ", ".join(labels.get(one, one) for one in value)),
        "date": day,
    }
    return puts.get(column.kind, text)


def _codebook(book: Any, call: Call) -> None:
    """What each column means, in each language, and what each code stands for."""
    language = call.languages[0]
    sheet = book.add_worksheet(translate(language, N_("Codebook")))
    heading = book.add_format({"bold": True, "bottom": 1})
    titles = [
        translate(language, N_("Column")),
        translate(language, N_("Type")),
        translate(language, N_("Code")),
        *(f"{translate(language, N_('Meaning'))} ({one})" for one in call.languages),
        *(f"{translate(language, N_('Explanation'))} ({one})" for one in call.languages),
        translate(language, N_("Published")),
        translate(language, N_("Personal")),
    ]
    for place, title in enumerate(titles):
        sheet.write_string(0, place, title, heading)
        sheet.set_column(place, place, 24)
    sheet.freeze_panes(1, 0)
    row = 0
    for column in columns(call):
        row += 1
        field = column.field
        cells: list[str] = [column.id, column.kind, "", *_each(call, column.texts), *_each(call, column.about)]
        for place, cell in enumerate(cells):
            sheet.write_string(row, place, _cut(neutral(cell)))
        sheet.write_boolean(row, len(cells), bool(field and field.public))
        sheet.write_boolean(row, len(cells) + 1, bool(field and field.personal))
        for code, texts in column.labels.items():
            row += 1
            for place, cell in enumerate((column.id, "", code, *_each(call, texts))):
                sheet.write_string(row, place, _cut(neutral(cell)))
    sheet.autofilter(0, 0, row, len(titles) - 1)


def _each(call: Call, texts: dict[str, str]) -> list[str]:
    return [texts.get(language, "") for language in call.languages]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
