"""What a workbook may be made of before anything looks into it. Values only.

A workbook is a ZIP of XML. What costs time and memory is markup: a few kilobytes of ZIP can hold millions of empty
elements, and for some of them openpyxl builds an object each. So elements are counted first, where they stand: the
cells may have many, everything around them few. Nothing here is found by what a part says of itself.
"""

from __future__ import annotations

import re
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

MOST_UNPACKED = 40_000_000
"""Bytes of all parts together: 5,000 rows have ten at most."""
MOST_IN_CELLS = 2_000_000
"""Tags in worksheets and their texts: eight for each cell of 5,000 rows by fifty columns."""
MOST_AROUND = 50_000
"""Tags in all other parts together (styles, names, relations)."""
_MOST_PARTS = 2_000
_MANIFEST = "[Content_Types].xml"
_CELLS = re.compile(r"xl/(worksheets/[^/]+\.xml|sharedStrings\.xml)")
_TYPES_OF_CELLS = (b"worksheet+xml", b"sharedStrings+xml")
_OVERRIDE = re.compile(rb"<(?:\w+:)?Override\b[^>]*>")
_ATTRIBUTE = re.compile(rb"(PartName|ContentType)\s*=\s*[\"']([^\"']*)[\"']")
_BEFORE_XML = b" \t\r\n\0\xef\xbb\xbf\xfe\xff"
_DECLARES = (b"<!DOCTYPE", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))


class TooMuch(Exception):
    """More than anybody's list needs."""


class Strange(Exception):
    """Nothing that a spreadsheet program writes."""


def check_parts(packed: ZipFile) -> None:
    """Raises `TooMuch`, `Strange`, and what `ZipFile.read` raises for a part that is broken."""
    parts = packed.infolist()
    if len(parts) > _MOST_PARTS or sum(one.file_size for one in parts) > MOST_UNPACKED:
        raise TooMuch
    if any(one.compress_type not in {ZIP_STORED, ZIP_DEFLATED} for one in parts):
        raise Strange
    if len({one.filename for one in parts}) < len(parts):
        raise Strange
    in_cells = around = 0
    for one in parts:
        content = packed.read(one)
        if not content.lstrip(_BEFORE_XML).startswith(b"<"):
            continue  # a picture
        # Of a list nobody needs entities, and they are another way to make much of little.
        if any(declares in content for declares in _DECLARES):
            raise Strange
        tags = content.count(b"<")
        if _CELLS.fullmatch(one.filename):
            in_cells += tags
        else:
            around += tags
        if one.filename == _MANIFEST:
            _check_manifest(content)
    if in_cells > MOST_IN_CELLS or around > MOST_AROUND:
        raise TooMuch


def _check_manifest(content: bytes) -> None:
    """What is called like cells must be read as cells."""
    if b"\0" in content or b"&" in content:
        raise Strange  # another encoding than everybody's, or names that are written so as not to be read
    for override in _OVERRIDE.findall(content):
        said = dict(_ATTRIBUTE.findall(override))
        name = said.get(b"PartName", b"").decode("utf-8", "replace").removeprefix("/")
        if _CELLS.fullmatch(name) and not said.get(b"ContentType", b"").endswith(_TYPES_OF_CELLS):
            raise Strange
