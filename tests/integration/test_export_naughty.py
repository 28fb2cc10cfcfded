"""The Big List of Naughty Strings in every text field of a call, through every file of an export."""

import csv
import gzip
import io
import json
from typing import Any
from unicodedata import category, normalize

import msgspec
import openpyxl
import pytest

from chalicelib.exports.csv_files import CsvFile
from chalicelib.exports.documents import line_of, read_line, submissions_head
from chalicelib.exports.export import Export
from chalicelib.exports.json_files import JsonFile, NdjsonFile
from chalicelib.exports.landscape import public_fields
from chalicelib.exports.landscape_files import landscape_files
from chalicelib.exports.workbook import write_workbook
from tests.builders import NOON, kosi, published
from tests.hostile.naughty import naughty, naughty_reports, refused, text_fields
from tests.integration.test_exports import schema

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """What the builder's writers make of reports that have one of the strings in every text field each.

    Straight from the writers: with a table between them moto takes two minutes for as many reports.
    """
    call, folder = published(kosi()), tmp_path_factory.mktemp("naughty")
    lines = [msgspec.json.encode(line_of(one, [])) for one in naughty_reports()]
    records = [read_line(line) for line in lines]
    export = Export(call.call.call, "now", "building", call.published_at, "nightly", call.version)
    whole, packed = JsonFile(submissions_head(export, call, "https://aufruf.example.org")), NdjsonFile()
    write_workbook(folder / "book.xlsx", call.call, records, made_at=NOON, folder=folder)
    tables = [CsvFile(call.call, excel=excel) for excel in (False, True)]
    public = landscape_files(call, naughty_reports(), base="https://aufruf.example.org", read_at=NOON)
    return {
        whole.name: whole.head() + whole.rows(lines, first=True) + whole.tail(),
        packed.name: packed.rows(lines),
        "submissions.xlsx": (folder / "book.xlsx").read_bytes(),
        **{one.name: one.head() + one.rows(records) for one in tables},
        **{one.name: one.content for one in public},
    }


@pytest.fixture(scope="module")
def sent() -> dict[str, dict[str, Any]]:
    """The answers of each report, by its reference."""
    return {one.reference: json.loads(one.answers) for one in naughty_reports()}


def test_the_door_takes_every_string_that_is_text() -> None:
    assert len(naughty()) == 480
    for field in text_fields():
        why = refused(field, naughty())
        # Control characters and what turns the reading direction; nothing but spaces is no answer, and a few marks
        # that stay too short however often they are said.
        assert set(why.values()) <= {"control-character", "bidi-control", "required", "too-short"}, field.id
        assert len(why) <= 12, field.id


def test_json_has_every_string_exactly(files: Files, sent: dict[str, dict[str, Any]]) -> None:
    document = json.loads(files["submissions.json"])
    schema("submissions").validate(document)
    assert {one["reference"]: one["answers"] for one in document["submissions"]} == sent
    lines = gzip.decompress(files["submissions.ndjson.gz"]).decode().split("\n")[:-1]
    assert {one["reference"]: one["answers"] for one in map(json.loads, lines)} == sent


def test_the_landscape_has_every_string_exactly(files: Files, sent: dict[str, dict[str, Any]]) -> None:
    public = [one.id for one in public_fields(kosi())]
    shown = {
        reference: {name: answers[name] for name in public if name in answers} for reference, answers in sent.items()
    }
    document = json.loads(files["landscape.json"])
    schema("landscape").validate(document)
    assert {one["reference"]: one["answers"] for one in document["entries"]} == shown
    features = {one["id"]: one["properties"] for one in json.loads(files["landscape.geojson"])["features"]}
    texts = [one.id for one in text_fields() if one.public]
    assert {reference: [one[name] for name in texts] for reference, one in features.items()} == {
        reference: [answers.get(name) for name in texts] for reference, answers in shown.items()
    }


def begins_a_formula(cell: str) -> bool:
    """As OWASP says of "CSV Injection", in any width and behind what is not seen; not by the code that prevents it."""
    seen = next((one for one in cell if category(one)[0] not in "ZC"), "")
    return cell[:1] in {"\t", "\r"} or normalize("NFKC", seen)[:1] in set("=+-@")


@pytest.mark.parametrize("name", ["submissions.csv", "submissions-excel.csv"])
def test_no_cell_of_a_csv_begins_a_formula(files: Files, sent: dict[str, dict[str, Any]], name: str) -> None:
    encoding, delimiter = ("utf-8-sig", ";") if "excel" in name else ("utf-8", ",")
    text = files[name].decode(encoding)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert [cell for row in rows for cell in row if begins_a_formula(cell)] == []
    assert {row[0] for row in rows[1:]} == set(sent)
    if name == "submissions.csv":
        for row in rows[1:]:
            cells, answers = dict(zip(rows[0], row, strict=True)), sent[row[0]]
            for field in text_fields():
                answer = answers.get(field.id, "")
                assert cells[field.id] in {answer, f"'{answer}"}, "a mark in front at most"


def test_no_cell_of_the_workbook_is_a_formula(files: Files, sent: dict[str, dict[str, Any]]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(files["submissions.xlsx"]))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert [cell.value for cell in cells if cell.data_type in {"f", "e"}] == []
    assert [cell.value for cell in cells if isinstance(cell.value, str) and begins_a_formula(cell.value)] == []
    assert [cell.hyperlink for cell in cells if cell.hyperlink] == []
    assert book.worksheets[0].max_row == len(sent) + 1
