"""A list as people keep it, CSV or XLSX, becomes names of columns and rows of texts. Values only.

What a cell holds is turned into what somebody would have typed into the form; nothing is left out in silence: a cell
beyond the heading makes a column that is called by its letter.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from io import BytesIO, StringIO
from itertools import islice
from string import ascii_uppercase
from typing import ClassVar

from msgspec import Struct

from chalicelib.errors import N_, Refusal
from chalicelib.imports.workbook_parts import Strange, TooMuch, check_parts

MOST_BYTES = 4_000_000  # Lambda takes 6 MB of a request, and a third more is what Base64 makes of a file
MOST_ROWS = 5_000
MOST_COLUMNS = 100
_EMPTY_ROWS = 1_000  # that may stand between the others; beyond them nobody looks
_MOST_CELL = 10_000  # characters; longer than any answer may be, so that its own rule refuses it
_SEPARATORS = ";,\t|"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_WORKBOOK = b"PK\x03\x04"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
Rows = list[tuple[int, list[str]]]


class ListUnreadable(Refusal):
    """The file is no list that can be taken over."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "list-unreadable"
    title: ClassVar[str] = N_("This list cannot be read.")
    message: ClassVar[str] = N_("Please save it as CSV or XLSX, with the names of the columns in the first row.")


class ListTooLarge(Refusal):
    """More bytes than fit through the door."""

    status: ClassVar[int] = 413
    code: ClassVar[str] = "list-too-large"
    title: ClassVar[str] = N_("This list is too large.")
    message: ClassVar[str] = N_(
        "A file may have %(most)s MB. Please leave out columns or pictures, or divide the list into several files."
    )


class Sheet(Struct, frozen=True):
    """What is in a list: the names of its columns, and its rows with a text for each of them. Empty rows are gone;
    `numbers` are the rows' numbers as a spreadsheet shows them.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]


def read_list(content: bytes) -> Sheet:
    """The list in a file, whatever its name says. Raises `ListTooLarge`, `ListUnreadable`."""
    if len(content) > MOST_BYTES:
        raise ListTooLarge(most=MOST_BYTES // 1_000_000)
    if content.startswith(_OLD_WORKBOOK):
        raise ListUnreadable(N_("This is a file of an old Excel (XLS). Please save it as XLSX or CSV."))
    filled = [(number, row) for number, row in _read(content) if any(row)]
    if not filled:
        raise ListUnreadable(N_("The file is empty."))
    (_, heading), *rows = filled
    if not rows:
        raise ListUnreadable(N_("There are no rows below the names of the columns."))
    if len(rows) > MOST_ROWS:
        raise ListUnreadable(
            N_("The list has more than %(most)s rows. Please divide it into several files."), most=MOST_ROWS
        )
    width = max(place + 1 for _, row in filled for place, cell in enumerate(row) if cell)
    if width > MOST_COLUMNS:
        raise ListUnreadable(N_("The list has more than %(most)s columns. Please leave some out."), most=MOST_COLUMNS)
    kept = [place for place in range(width) if any(place < len(row) and row[place] for _, row in filled)]
    columns = _named(heading, kept)
    cells = tuple(tuple(row[place] if place < len(row) else "" for place in kept) for _, row in rows)
    return Sheet(columns, cells, tuple(number for number, _ in rows))


def letters(place: int) -> str:
    """The name a spreadsheet gives to the column at `place`, counted from 0: A, B, … Z, AA."""
    name, left = "", place + 1
    while left:
        left, digit = divmod(left - 1, len(ascii_uppercase))
        name = ascii_uppercase[digit] + name
    return name


def _named(heading: Sequence[str], kept: Sequence[int]) -> tuple[str, ...]:
    names = [" ".join(heading[place].split()) if place < len(heading) else "" for place in kept]
    if not any(names) or all(name.replace(".", "").isdigit() for name in names if name):
        raise ListUnreadable(N_("The first row must name the columns."))
    twice = next((name for place, name in enumerate(names) if name and name in names[:place]), None)
    if twice is not None:
        raise ListUnreadable(N_("Two columns are called “%(name)s”. Please give each a name of its own."), name=twice)
    return tuple(name or letters(place) for name, place in zip(names, kept, strict=True))


def _read(content: bytes) -> Rows:
    return _workbook(content) if content.startswith(_WORKBOOK) else _text_file(content)


def _text_file(content: bytes) -> Rows:
    text = _decoded(content)
    if "\0" in text:
        raise ListUnreadable
    # Excel writes which separator it used into a line of its own, where it is told to.
    first, _, rest = text.partition("\n")
    told = first.rstrip("\r").lower().removeprefix("sep=") if first.lower().startswith("sep=") else ""
    if len(told) == 1 and told in _SEPARATORS:
        text, separator = rest, told
    else:
        separator = _separator(first)
    try:
        rows = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
        # A cell may hold line ends: people count rows as a spreadsheet does, not lines of the file.
        return [(number, [_text(cell) for cell in row]) for number, row in _some(rows)]
    except csv.Error as error:
        raise ListUnreadable(N_("A quotation mark in this file is not closed, or stands where none may.")) from error


def _decoded(content: bytes) -> str:
    if content.startswith(_UTF16):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # what Excel saves as "CSV" in Germany


def _separator(heading: str) -> str:
    """What stands between the names of the columns; what is in quotation marks does not count."""
    outside = "".join(heading.split('"')[::2])
    return max(_SEPARATORS, key=outside.count)


def _workbook(content: bytes) -> Rows:
    # Imported here: only who uploads a workbook needs it, and it takes 150 ms.
    import zlib
    from zipfile import BadZipFile, ZipFile

    from openpyxl import load_workbook

    try:
        with ZipFile(BytesIO(content)) as packed:
            check_parts(packed)
        # Values as they were last computed, formulas not; nothing that is linked to is fetched.
        book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        shown = [one for one in book.worksheets if one.sheet_state == "visible"] or book.worksheets
        sheet = shown[0]
        sheet.reset_dimensions()  # what a file says of its own size need not be true
        rows = sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True)
        return [(number, [_text(cell) for cell in row]) for number, row in _some(rows)]
    except TooMuch as error:
        raise ListTooLarge(
            N_(
                "Inside, this workbook is far larger than a list needs to be, often because of many formats or empty "
                "cells. Please save it as CSV."
            )
        ) from error
    except (
        Strange, BadZipFile, zlib.error, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, EOFError,
        OSError, RuntimeError, SyntaxError,
    ) as error:  # fmt: skip
        # A workbook is a folder of XML of which anything may be wrong (XML that does not parse is a SyntaxError).
        raise ListUnreadable from error


def _some(rows: Iterable[Sequence[object]]) -> Iterator[tuple[int, Sequence[object]]]:
    """The rows with their numbers, no further than a list may go."""
    return islice(enumerate(rows, 1), MOST_ROWS + _EMPTY_ROWS + 2)


def _text(cell: object) -> str:
    """A cell as somebody would have typed it into the form."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))  # a spreadsheet knows no whole numbers: the year 2015 is 2015.0
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()[:_MOST_CELL]
