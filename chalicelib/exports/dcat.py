"""`dcat.jsonld`: the landscape as a dataset for open-data portals, after DCAT-AP.de 3.0.

https://www.dcat-ap.de/def/dcatde/3.0/spec/ . Only what everybody may see is described, under its public address: a
portal harvests `/calls/{call}/dcat.jsonld`. Licences are DCAT-AP.de's own list; without a CC0 for every entry the data
may be looked at and nothing more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.exports.columns import words
from chalicelib.exports.file_kinds import FILES
from chalicelib.web.languages import translate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.calls.call import Call, PublishedCall
    from chalicelib.calls.fields import Texts
    from chalicelib.exports.export import Export, ExportFile

CC_ZERO = "http://dcat-ap.de/def/licenses/cc-zero"
CLOSED = "http://dcat-ap.de/def/licenses/other-closed"
_AUTHORITY = "http://publications.europa.eu/resource/authority"
_LANGUAGES = {"de": "DEU", "en": "ENG", "fr": "FRA", "nl": "NLD", "pl": "POL", "tr": "TUR", "uk": "UKR", "ar": "ARA"}
_FORMATS = {"landscape.json": "JSON", "landscape.geojson": "GEOJSON", "landscape.html": "HTML"}
# Where each of them is to be had by everybody.
_ADDRESSES = {
    "landscape.json": "landscape.json",
    "landscape.geojson": "landscape.geojson",
    "landscape.html": "landscape",
}

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "dcatap": "http://data.europa.eu/r5r/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def catalogue_entry(
    published: PublishedCall, export: Export, files: Sequence[ExportFile], *, base: str, open_data: bool
) -> dict[str, Any]:
    """The document. `base` is the app's public address, `open_data`: every entry is CC0."""
    call = published.call
    page = f"{base}/calls/{call.call}/landscape"
    distributions = [_distribution(call, one.name, base, open_data) for one in files if one.name in _FORMATS]
    return {
        "@context": CONTEXT,
        "@id": f"{page}#dataset",
        "@type": "dcat:Dataset",
        "dcterms:identifier": f"{base}/calls/{call.call}",
        "dcterms:title": _said(call.title),
        "dcterms:description": _said(call.intro),
        "dcterms:issued": _moment(published.published_at),
        "dcterms:modified": _moment(export.snapshot_at),
        "dcterms:accrualPeriodicity": {"@id": f"{_AUTHORITY}/frequency/DAILY"},
        "dcterms:accessRights": {"@id": f"{_AUTHORITY}/access-right/PUBLIC"},
        "dcterms:language": [
            {"@id": f"{_AUTHORITY}/language/{_LANGUAGES[one]}"} for one in call.languages if one in _LANGUAGES
        ],
        "dcterms:publisher": {"@type": "foaf:Organization", "foaf:name": _said(call.organiser.name)}
        | ({"foaf:homepage": {"@id": call.organiser.url}} if call.organiser.url else {}),
        "dcat:contactPoint": {
            "@type": "vcard:Organization",
            "vcard:fn": words(call.contact.name, call.languages[0]),
            "vcard:hasEmail": {"@id": f"mailto:{call.contact.email}"},
        },
        "dcat:theme": [{"@id": f"{_AUTHORITY}/data-theme/SOCI"}],
        "dcat:landingPage": {"@id": page, "@type": "foaf:Document"},
        "dcat:distribution": distributions,
    }


def _distribution(call: Call, name: str, base: str, open_data: bool) -> dict[str, Any]:
    address = f"{base}/calls/{call.call}/{_ADDRESSES[name]}"
    file_format = _FORMATS[name]
    return {
        "@id": f"{address}#distribution",
        "@type": "dcat:Distribution",
        "dcterms:title": name,
        "dcterms:description": [
            {"@value": translate(language, FILES[name].purpose), "@language": language} for language in call.languages
        ],
        "dcat:accessURL": {"@id": address},
        "dcat:downloadURL": {"@id": address},
        "dcterms:format": {"@id": f"{_AUTHORITY}/file-type/{file_format}"},
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{FILES[name].media_type}"},
        "dcterms:license": {"@id": CC_ZERO if open_data else CLOSED},
        "dcatap:availability": {
            "@id": "http://publications.europa.eu/resource/authority/planned-availability/AVAILABLE"
        },
    }


def _said(texts: Texts) -> list[dict[str, str]]:
    return [{"@value": text, "@language": language} for language, text in texts.items()]


def _moment(stamped: str) -> dict[str, str]:
    return {"@value": stamped, "@type": "xsd:dateTime"}
