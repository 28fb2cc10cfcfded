"""`submissions.csv` and `submissions-excel.csv`: the same rows in the same order, in two habits.

The first is RFC 4180 with ids and codes, for programs. The second is what a German Excel opens with a double click:
semicolons, a byte order mark, titles and labels in the call's own language, local times.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from chalicelib.errors import N_
from chalicelib.exports.columns import BETWEEN, Column, columns, words
from chalicelib.web.cells import neutral
from chalicelib.web.languages import translate

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.exports.documents import Record

_BOM = "\ufeff"
Write = Callable[[Any], str]


class CsvFile:
    """One of the two; `excel` says which."""

    content_type = "text/csv; charset=utf-8"

    def __init__(self, call: Call, *, excel: bool) -> None:
        self.name = "submissions-excel.csv" if excel else "submissions.csv"
        self._excel = excel
        self._language = call.languages[0]
        self._columns = columns(call)
        zone = ZoneInfo(call.time_zone)
        self._cells = [
            (one.value, _for_people(one, self._language, zone) if excel else _for_programs(one))
            for one in self._columns
        ]

    def head(self) -> bytes:
        """The line of titles."""
        if self._excel:
            return (_BOM + self._rows([[neutral(one.title(self._language)) for one in self._columns]])).encode()
        return self._rows([[one.id for one in self._columns]]).encode()

    def rows(self, records: Iterable[Record]) -> bytes:
        """The lines of some submissions."""
        return self._rows(
            ["" if (value := take(record)) is None else write(value) for take, write in self._cells]
            for record in records
        ).encode()

    def _rows(self, rows: Iterable[list[str]]) -> str:
        out = StringIO()
        csv.writer(out, delimiter=";" if self._excel else ",", lineterminator="\r\n").writerows(rows)
        return out.getvalue()


def _for_programs(column: Column) -> Write:
    if column.kind == "codes":
        return BETWEEN.join
    if column.kind == "truth":
        return lambda value: "true" if value else "false"
    if column.kind in {"number", "moment", "code"}:
        return str
    return lambda value: neutral(str(value))


def _for_people(column: Column, language: str, zone: ZoneInfo) -> Write:
    labels = {code: words(texts, language) for code, texts in column.labels.items()}
    yes, no = translate(language, N_("yes")), translate(language, N_("no"))
    if column.kind == "codes":
        return lambda value: neutral(", ".join(labels.get(one, one) for one in value))
    if column.kind == "code":
        return lambda value: neutral(labels.get(value, str(value)))
    if column.kind == "truth":
        return lambda value: yes if value else no
    if column.kind == "moment":
        return lambda value: local(value, zone).strftime("%Y-%m-%d %H:%M:%S")
    if column.kind == "number":
        return str
    return lambda value: neutral(str(value))


def local(stamped: str, zone: ZoneInfo) -> datetime:
    """A stamp in the call's own time, without an offset, to the second: as spreadsheets know times."""
    return datetime.fromisoformat(stamped).astimezone(zone).replace(tzinfo=None, microsecond=0)
