"""Every file an export may have: its media type, and what it is for in words. One list for pages and descriptions."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from chalicelib.errors import N_


class FileKind(Struct, frozen=True):
    """`media_type` as IANA has it; `purpose` is a message id; `public`: it holds nothing but what everybody may see."""

    media_type: str
    purpose: str
    public: bool = False


FILES: Final[dict[str, FileKind]] = {
    "submissions.xlsx": FileKind(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        N_("All reports for Excel and LibreOffice: with filters and a codebook. The right one for most people."),
    ),
    "submissions-excel.csv": FileKind(
        "text/csv", N_("All reports as CSV the way a German Excel opens it: semicolons, umlauts, labels.")
    ),
    "submissions.csv": FileKind(
        "text/csv", N_("All reports as CSV for programs: commas, ids instead of labels (RFC 4180).")
    ),
    "submissions.json": FileKind(
        "application/json", N_("All reports with everything that is known, and the questions.")
    ),
    "submissions.ndjson.gz": FileKind(
        "application/gzip", N_("The same, one report a line, compressed: for large amounts.")
    ),
    "landscape.html": FileKind(
        "text/html", N_("The landscape as a page of one file: runs from a USB stick, without a network."), public=True
    ),
    "landscape.json": FileKind("application/json", N_("The landscape as data: published entries only."), public=True),
    "landscape.geojson": FileKind(
        "application/geo+json", N_("The landscape for maps and geographic information systems."), public=True
    ),
    "openfairdb.json": FileKind(
        "application/json",
        N_("Landscape entries for the Karte von morgen (OpenFairDB), of those who agreed to open data."),
        public=True,
    ),
    "balance.json": FileKind(
        "application/json", N_("The balance: received, stored, exported. May be published."), public=True
    ),
    "datapackage.json": FileKind(
        "application/json", N_("Describes every file and column for programs (Frictionless Data Package).")
    ),
    "dcat.jsonld": FileKind(
        "application/ld+json", N_("Describes the landscape for open-data portals (DCAT-AP.de)."), public=True
    ),
    "manifest.json": FileKind(
        "application/json", N_("Table of contents: every file with its checksum, and the balance.")
    ),
}


def known(name: str) -> FileKind:
    """What is known of a file."""
    return FILES.get(name, FileKind("application/octet-stream", ""))
