"""Hostile files for imports: hostile texts in cells, workbooks with a part changed, much made of little."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import cache
from random import Random

import openpyxl

from tests.hostile.texts import hostile_text

NS = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
Change = Callable[[bytes], bytes]


@cache
def good_workbook() -> bytes:
    """Made once: a workbook holds the time at which it was made, and what is repeated must be the same."""
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["A", "B"])
    book.active.append(["one", 2])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(name: str, change: Change, *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A good workbook with one of its parts changed (or added)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good_workbook())) as whole, zipfile.ZipFile(out, "w", method) as packed:
        for one in whole.namelist():
            packed.writestr(one, change(whole.read(one)) if one == name else whole.read(one))
        if name not in whole.namelist():
            packed.writestr(name, change(b""))
    return out.getvalue()


def as_workbook(content: bytes) -> bytes:
    """The sheet called a workbook, so that its cells would be read as a workbook's parts."""
    return content.replace(b"spreadsheetml.worksheet+xml", b"spreadsheetml.sheet.main+xml")


def laughing(encoding: str) -> Change:
    """An entity that stands for much, used often."""
    head = '<!DOCTYPE sst [<!ENTITY a "' + "lol" * 100 + '">]>'
    return lambda _: f"{head}<sst>{'<si><t>&a;</t></si>' * 100}</sst>".encode(encoding)


def whispering(content: bytes) -> bytes:
    """The same, in characters that are written by their numbers."""
    return as_workbook(content).replace(b"/xl/worksheets/sheet1.xml", b"/xl/worksheets/sheet&#49;.xml")


BOMBS: tuple[tuple[str, Change], ...] = (
    # A few kilobytes each; openpyxl needed minutes or gigabytes for the first three.
    ("xl/styles.xml", lambda _: b"<styleSheet %s><cellXfs>%s" % (NS, b"<xf/>" * 3_000_000)),
    ("xl/workbook.xml", lambda old: old.replace(b"<sheet ", b"<sheet/><sheet " * 60_000)),
    ("xl/sharedStrings.xml", lambda _: b"<sst %s>%s" % (NS, b"<si><t/></si>" * 1_000_000)),
    ("xl/worksheets/sheet1.xml", lambda _: b"<worksheet><sheetData>" + b"<row/>" * 2_000_001),
    ("[Content_Types].xml", as_workbook),
    ("[Content_Types].xml", whispering),
    ("[Content_Types].xml", lambda old: old.decode().encode("utf-16")),
    ("xl/sharedStrings.xml", laughing("utf-8")),
    ("xl/sharedStrings.xml", laughing("utf-16")),
    ("xl/other.xml", laughing("utf-16-be")),
)


@cache
def bomb(number: int) -> bytes:
    """Small, and much inside."""
    return with_part(*BOMBS[number])


def hostile_list(random: Random) -> bytes:
    """A file that somebody might bring as a list."""
    kind = random.randrange(6)
    if kind == 0:
        return bomb(random.randrange(len(BOMBS)))
    if kind == 1:
        whole = bytearray(good_workbook())
        for _ in range(random.randrange(1, 6)):
            whole[random.randrange(len(whole))] = random.randrange(256)
        return bytes(whole)
    if kind == 2:
        return good_workbook()[: random.randrange(4, 4_000)] + random.randbytes(random.randrange(50))
    cells = [[hostile_text(random) for _ in range(3)] for _ in range(random.randrange(1, 5))]
    separator = random.choice([";", ",", "\t", "|"])
    text = "\n".join(separator.join(row) for row in [["name", "themes", "since"], *cells])
    if kind == 3:
        text = random.choice(["sep=;;\n", "sep=\n", "\ufeff", '"']) + text
    return text.encode(random.choice(["utf-8", "utf-16", "utf-8-sig"]), "replace")
