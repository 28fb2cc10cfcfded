"""Lists as people have them, CSV and XLSX, with what programs put in and leave out."""

import io
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.imports import sheet
from chalicelib.imports.sheet import ListTooLarge, ListUnreadable, letters, read_list
from tests.hostile.files import BOMBS, bomb, good_workbook, with_part

GOOD = "Name;Über uns\nGärten;Wir säen „alles“.\n"


def workbook(*rows: tuple[Any, ...], **more: Any) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    for name, cells in more.items():
        other = book.create_sheet(name)
        for row in cells:
            other.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_csv_is_read_however_it_was_saved(encoding: str, separator: str, ends: str) -> None:
    content = GOOD.replace(";", separator).replace("\n", ends).encode(encoding)
    assert read_list(content) == sheet.Sheet(("Name", "Über uns"), (("Gärten", "Wir säen „alles“."),), (2,))


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_a_file_may_say_itself_what_separates_its_cells(separator: str) -> None:
    content = f"sep={separator}\r\nA b{separator}C\r\n1{separator}2\r\n"
    assert read_list(content.encode()).columns == ("A b", "C")
    assert read_list(b"sep=;,\nA;B\n").columns == ("sep=", ",")


def test_a_cell_may_hold_line_ends_separators_and_quotation_marks() -> None:
    read = read_list(b'"A;B";C\n"one\ntwo; ""three""";x\nlast;y\n')
    assert (read.columns, read.rows, read.numbers) == (
        ("A;B", "C"), (('one\ntwo; "three"', "x"), ("last", "y")), (2, 3)
    )  # fmt: skip


def test_empty_rows_are_passed_over_and_the_others_keep_their_numbers() -> None:
    assert read_list(b"A;B\n1;\n;\n\n;2\n;;\n").numbers == (2, 5)
    assert read_list(workbook(("A", "B"), (1, None), (None, None), ("  ", 2), (None, None))).numbers == (2, 4)


def test_what_stands_beyond_the_heading_makes_a_column_and_an_empty_one_makes_none() -> None:
    read = read_list(b"A;;B\none;;two;three\n")
    assert (read.columns, read.rows) == (("A", "B", "D"), (("one", "two", "three"),))


def test_cells_are_what_somebody_would_have_typed() -> None:
    read = read_list(
        workbook(
            ("text", "year", "number", "day", "moment", "true", "error"),
            (" Ümlaut ", 2015.0, 1.5, date(2017, 9, 14), datetime(2017, 9, 14, 15, 30), True, "#REF!"),  # noqa: DTZ001
        )
    )
    assert read.rows == (("Ümlaut", "2015", "1.5", "2017-09-14", "2017-09-14 15:30:00", "true", "#REF!"),)


def test_of_a_workbook_the_first_sheet_that_shows_is_read() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(("hidden",), ("x",), second=[("seen",), ("y",)])))
    book.worksheets[0].sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    assert read_list(out.getvalue()).columns == ("seen",)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\n\n;;\n", "empty"),
        (b"A;B\n", "no rows"),
        (b"1;2\n3;4\n", "first row must name"),
        (b"A;A\n1;2\n", "Two columns"),
        (b"A;B\n1;2\n" * 5_002, "more than"),
        (b";".join(b"%d" % number for number in range(101)) + b"\n" + b"x;" * 100 + b"x\n", "columns"),
        (b'A;B\n"1;2\n', "quotation mark"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel"),
        (b"A\x00;B\n1;2\n", "save it as"),
        (b"PK\x03\x04 and nothing behind it", "save it as"),
    ],
)
def test_what_is_no_list_is_refused_with_a_reason(content: bytes, says: str) -> None:
    with pytest.raises(ListUnreadable) as refused:
        read_list(content)
    assert says in refused.value.says


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("content.xml", "<no/>")
    with pytest.raises(ListUnreadable):
        read_list(out.getvalue())


def test_a_bomb_is_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 50_000_000)
    assert len(out.getvalue()) < 100_000
    with pytest.raises(ListTooLarge) as refused:
        read_list(out.getvalue())
    assert "save it as CSV" in refused.value.says


@pytest.mark.parametrize("number", range(len(BOMBS)))
def test_much_made_of_little_is_refused_before_it_is_looked_at(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openpyxl, "load_workbook", None)
    assert len(bomb(number)) < 100_000
    with pytest.raises((ListTooLarge, ListUnreadable)):
        read_list(bomb(number))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_workbook_is_packed_as_spreadsheet_programs_pack_it(method: int) -> None:
    with pytest.raises(ListUnreadable):
        read_list(with_part("xl/more.xml", lambda _: b"<a/>", method=method))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_part_is_there_once_and_there_are_not_thousands() -> None:
    for names in (["xl/styles.xml"] * 2, [str(number) for number in range(2_001)]):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as packed:
            for name in names:
                packed.writestr(name, b"")
        with pytest.raises((ListUnreadable, ListTooLarge)):
            read_list(out.getvalue())


def test_a_picture_may_hold_any_bytes() -> None:
    assert read_list(with_part("xl/media/one.png", lambda _: b"\x89PNG <!DOCTYPE" + b"<" * 60_000)).rows == (
        ("one", "2"),
    )


def test_five_thousand_rows_are_read_and_one_more_is_not() -> None:
    assert len(read_list(b"A\n" + b"x\n" * 5_000).rows) == 5_000
    with pytest.raises(ListUnreadable):
        read_list(b"A\n" + b"x\n" * 5_001)


def test_too_many_bytes_are_not_looked_at() -> None:
    with pytest.raises(ListTooLarge):
        read_list(b"A" * 4_000_001)


@pytest.mark.parametrize(("place", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ")])
def test_columns_have_letters(place: int, name: str) -> None:
    assert letters(place) == name


@given(some.binary(max_size=300))
def test_any_bytes_are_a_list_or_refused(content: bytes) -> None:
    for front in (b"", b"PK\x03\x04", b"A;B\n"):
        try:
            read = read_list(front + content)
        except (ListUnreadable, ListTooLarge):
            continue
        assert all(len(row) == len(read.columns) for row in read.rows)


@given(some.lists(some.tuples(some.floats(0, 1, exclude_max=True), some.integers(0, 255)), min_size=1, max_size=5))
def test_a_damaged_workbook_is_a_list_or_refused(damages: list[tuple[float, int]]) -> None:
    whole = bytearray(good_workbook())
    for place, byte in damages:
        whole[4 + int(place * (len(whole) - 4))] = byte
    try:
        read_list(bytes(whole))
    except (ListUnreadable, ListTooLarge):
        return
