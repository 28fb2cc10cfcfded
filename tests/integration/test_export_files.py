# ruff: noqa: RUF001 - characters that look like others are what this is about
"""The files of an export, each judged by a validator that is not ours, with the most hostile texts people can send."""

import csv
import gzip
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from chalicelib.calls.call import Exports
from chalicelib.web.cells import neutral
from tests.builders import PROJECT, kosi, kosi_answers
from tests.integration.test_exports import schema
from tests.integration.world import World

CALL = "kosi-lab-dortmund"
# After the Big List of Naughty Strings; what the door refuses (controls, bidi) cannot get here.
HOSTILE = [
    "=1+1", "=cmd|' /C calc'!A0", "+49 231 5550", "-2+3", "@SUM(1+9)*cmd|' /C calc'!A0", "＝1+1", "＋1", "－1", "＠x",
    "﹢1", "  =1+1", "\u00a0=1", "'=1+1", '"=1+1', ";=1+1", ",=1+1", '=HYPERLINK("https://example.org","x")',
    "<script>alert(1)</script>", "</script><svg onload=alert(1)>", "&lt;b&gt;", "{{7*7}}", "%s%n", "\\", "\\n", '"',
    "'",
    "Ⱥ ÄÖÜ ß ẞ", "田中さんにあげて", "👩🏽‍👩🏽‍👧🏽", "ﷺ", "nul",
    "NULL", "true", "1E+02", "01234", "--", "*/", "`ls`", "]]>", "a\u2028b",
]  # fmt: skip
SPREADSHEET = "=+-@\t\r"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """An export with a hostile text in every text field of every submission, some of it in the landscape."""
    with World() as world:
        world.publish(kosi())
        for number, text in enumerate(HOSTILE):
            several = f"{text}\n{text} und mehr, damit es lang genug ist"
            answers = kosi_answers(
                name=f"{text} und mehr"[:110], summary=several, theme_other=text, place=text, problem=several,
                novelty=several,
                reporter_name=text, since=2000 + number % 20, consent_open_data=number % 2 == 0,
            )  # fmt: skip
            taken = world.submit(answers, call=CALL, key=str(number))
            assert taken.status == 201, (text, taken.body)
        world.drain()
        for mail in list(world.mails):
            world.post(f"{mail.receipt}/confirm")
        world.drain()
        ids = [one["id"]["S"] for one in world.items("submissions")]
        decided = world.post(
            f"/organiser/calls/{CALL}/decisions", {"decision": "accept", "submissions": ids}, world.token()
        )
        assert decided.status == 200, decided.body
        world.drain()
        world.nightly()
        world.drain()
        folder = json.loads(world.file(f"exports/{CALL}/latest.json"))["manifest"].removesuffix("manifest.json")
        return {key.removeprefix(folder): text for key, text in world.files().items() if key.startswith(folder)}


def submissions(files: dict[str, bytes]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(files["submissions.json"])["submissions"]
    return found


def table(files: dict[str, bytes], name: str) -> list[list[str]]:
    encoding, delimiter = ("utf-8-sig", ";") if "excel" in name else ("utf-8", ",")
    return list(csv.reader(io.StringIO(files[name].decode(encoding), newline=""), delimiter=delimiter))


def test_all_files_are_there(files: dict[str, bytes]) -> None:
    assert set(files) == {
        "manifest.json", "submissions.json", "submissions.ndjson.gz", "submissions.csv", "submissions-excel.csv",
        "submissions.xlsx", "landscape.json", "landscape.geojson", "landscape.html", "balance.json",
        "datapackage.json", "dcat.jsonld",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["manifest", "submissions", "landscape", "balance"])
def test_what_is_json_keeps_to_its_published_schema(files: dict[str, bytes], name: str) -> None:
    schema(name).validate(json.loads(files[f"{name}.json"]))


def test_hostile_texts_come_through_json_as_they_were_sent(files: dict[str, bytes]) -> None:
    assert [one["answers"]["theme_other"] for one in submissions(files)] == [" ".join(text.split()) for text in HOSTILE]
    lines = gzip.decompress(files["submissions.ndjson.gz"]).decode().splitlines(keepends=False)
    assert [json.loads(line) for line in files_lines(files)] == submissions(files)
    assert lines


def files_lines(files: dict[str, bytes]) -> list[str]:
    """By line feeds alone: a text may hold what `splitlines` takes for the end of one."""
    return gzip.decompress(files["submissions.ndjson.gz"]).decode().split("\n")[:-1]


def test_the_balance_adds_up(files: dict[str, bytes]) -> None:
    manifest, balance = json.loads(files["manifest.json"]), json.loads(files["balance.json"])
    assert manifest["balance"]["differences"] == []
    assert balance["adds_up"] is True
    assert balance["received"] == balance["stored"] == balance["exported"] == len(HOSTILE)
    assert balance["in_landscape"] == len(json.loads(files["landscape.json"])["entries"]) > 0


@pytest.mark.parametrize("name", ["submissions.csv", "submissions-excel.csv"])
def test_no_cell_of_a_csv_begins_a_formula(files: dict[str, bytes], name: str) -> None:
    rows = table(files, name)
    assert len(rows) == len(HOSTILE) + 1
    assert len({len(row) for row in rows}) == 1
    for row in rows:
        for cell in row:
            assert cell.strip("\u00a0 ")[:1] not in SPREADSHEET or not cell, cell
            assert neutral(cell) == cell


def test_the_csv_for_excel_has_what_a_german_excel_expects(files: dict[str, bytes]) -> None:
    content = files["submissions-excel.csv"]
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    titles, *rows = table(files, "submissions-excel.csv")
    assert titles[:3] == ["Vorgangsnummer", "Stand", "Eingegangen"]
    assert "Hörde" in rows[0]
    assert rows[0][2][:2] == "20"


def test_the_workbook_opens_with_real_types_and_no_formula(files: dict[str, bytes], tmp_path: Path) -> None:
    """By openpyxl; and LibreOffice, where there is one, shows the same texts."""
    book = openpyxl.load_workbook(io.BytesIO(files["submissions.xlsx"]))
    sheet, codebook = book.worksheets
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref.startswith("A1:")
    assert sheet.max_row == len(HOSTILE) + 1
    kinds = {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None}
    assert kinds == {"s", "n", "d", "b"}
    for one in book.worksheets:
        for row in one.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert not isinstance(cell.value, str) or neutral(cell.value) == cell.value
    assert {"name", "themes", "reporter_email"} <= {row[0].value for row in codebook.iter_rows(min_row=2)}
    if office := shutil.which("soffice"):
        assert read_by_libreoffice(office, files["submissions.xlsx"], tmp_path) == words_of(sheet)


def words_of(sheet: Any) -> list[dict[int, str]]:
    """The texts of each row by column; numbers, dates and yes or no are written as each program likes."""
    return [
        {place: value for place, value in enumerate(row) if isinstance(value, str)}
        for row in sheet.iter_rows(values_only=True)
    ]


def read_by_libreoffice(office: str, content: bytes, folder: Path) -> list[dict[int, str]]:
    """The same texts as LibreOffice shows them. openpyxl judges everywhere; this is on top, where LibreOffice is.

    What it makes of the first sheet is written as CSV: commas, quotes, UTF-8 (76), as shown, every text quoted.
    """
    (folder / "submissions.xlsx").write_bytes(content)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"  # beside one that somebody has open
    subprocess.run(
        [office, profile, "--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true",
         "--outdir", str(folder), "submissions.xlsx"],
        cwd=folder, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    text = (folder / "submissions.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    expected = words_of(openpyxl.load_workbook(io.BytesIO(content)).worksheets[0])
    return [{place: row[place] for place in asked} for row, asked in zip(rows, expected, strict=True)]


def test_frictionless_finds_nothing_wrong_with_the_data_package(files: dict[str, bytes], tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-m", "frictionless", "validate", "datapackage.json", "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert report["valid"], json.dumps(report, indent=1)[:3000]
    tables = {one["name"]: one["stats"].get("rows") for one in report["tasks"]}
    assert tables["submissions-csv"] == len(HOSTILE)


def test_the_dcat_entry_keeps_to_the_shapes_of_dcat_ap_de(files: dict[str, bytes], tmp_path: Path) -> None:
    """The shapes are ours, for what we say of what DCAT-AP.de 3.0 asks; pyshacl judges."""
    (tmp_path / "dcat.jsonld").write_bytes(files["dcat.jsonld"])
    shapes = PROJECT / "tests" / "integration" / "dcat-ap-de.ttl"
    done = subprocess.run(
        [sys.executable, "-m", "pyshacl", "-s", str(shapes), "-df", "json-ld", "dcat.jsonld"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    broken = json.loads(files["dcat.jsonld"])
    del broken["dcat:contactPoint"]
    (tmp_path / "dcat.jsonld").write_text(json.dumps(broken))
    again = subprocess.run(done.args, cwd=tmp_path, capture_output=True, check=False, timeout=120)
    assert again.returncode == 1, "the shapes notice"


def test_nothing_personal_is_in_what_may_be_published(files: dict[str, bytes]) -> None:
    for name in ("landscape.json", "landscape.geojson", "landscape.html", "balance.json", "dcat.jsonld"):
        assert b"canary@example.org" not in files[name], name


def latest(world: World) -> dict[str, bytes]:
    """The files of the newest export, by name."""
    folder = json.loads(world.file(f"exports/{CALL}/latest.json"))["manifest"].removesuffix("manifest.json")
    return {key.removeprefix(folder): text for key, text in world.files().items() if key.startswith(folder)}


def test_the_karte_von_morgen_gets_who_agreed_where_the_call_says_so(files: dict[str, bytes], world: World) -> None:
    assert "openfairdb.json" not in files, "off by default"
    document = json.loads((PROJECT / "tests" / "integration" / "openfairdb-entries.json").read_text(encoding="utf-8"))
    judge = Draft202012Validator(document, format_checker=Draft202012Validator.FORMAT_CHECKER)
    world.publish(replace(kosi(), exports=Exports(openfairdb=True)))
    names = ["Zaun", "=1+1", "Apfel", "Nie", "Ball", "Abgelehnt"]
    for number, name in enumerate(names):
        given = kosi_answers(name=name, consent_open_data=name != "Nie", website="https://example.org/laden")
        assert world.submit(given, call=CALL, key=str(number)).status == 201
    world.drain()
    ids = {json.loads(one["answers"]["S"])["name"]: one["id"]["S"] for one in world.items("submissions")}
    for mail in list(world.mails):
        world.post(f"{mail.receipt}/confirm")
    world.drain()
    agreed = [ids[name] for name in names if name != "Abgelehnt"]
    world.post(f"/organiser/calls/{CALL}/decisions", {"decision": "accept", "submissions": agreed}, world.token())
    world.drain()
    world.nightly()
    world.drain()
    found = latest(world)
    places = json.loads(found["openfairdb.json"])
    judge.validate(places)
    assert [one["title"] for one in places] == ["Zaun", "=1+1", "Apfel", "Ball"], "in the order in which they came"
    assert b"canary@example.org" not in found["openfairdb.json"]
    assert b"Kanarienvogel" not in found["openfairdb.json"]
    assert "openfairdb.json" in {one["name"] for one in json.loads(found["manifest.json"])["files"]}
    assert "openfairdb.json" in {one["path"] for one in json.loads(found["datapackage.json"])["resources"]}
    receipt = next(one.receipt for one in world.mails if one.tags["submission"] == ids["Apfel"])
    assert world.post(f"{receipt}/erase", {"confirm": True}).status == 200
    world.drain()
    after = json.loads(latest(world)["openfairdb.json"])
    assert after == [one for one in places if one["title"] != "Apfel"]
    assert not [key for key, text in world.files().items() if "openfairdb" in key and b"Apfel" in text]
