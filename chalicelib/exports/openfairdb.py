"""`openfairdb.json`: landscape entries as the Karte von morgen (OpenFairDB) takes them in. Values only.

A list of bodies for `POST /entries`: `NewEntryWithLicense` in
https://github.com/kartevonmorgen/openfairdb/blob/main/openapi.yaml (version 0.12.10). Only of those who agreed to CC0,
and never an address or a telephone number of anybody: what was meant for this call is not for a register.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from chalicelib.errors import N_
from chalicelib.exports.columns import words
from chalicelib.exports.landscape import OPEN_DATA, chosen_of, public_fields
from chalicelib.web.languages import translate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chalicelib.calls.call import Call, Tile
    from chalicelib.calls.fields import Field
    from chalicelib.exports.landscape import Entry

NAME = "openfairdb.json"
INITIATIVE = "2cd00bebec0c48ba9db761da48678134"  # the category "initiative (non-commercial)", as the API names it
LICENSE = "CC0-1.0"
APPROXIMATE = "approximate-location"
_ROUGHLY = N_("The point on the map is about the middle of %(district)s. It is not an address.")
_REFERENCE = N_("Reference")
_SILENT = frozenset({"email", "tel", "consent"})


def openfairdb_entries(call: Call, entries: Sequence[Entry], *, base: str) -> list[dict[str, Any]]:
    """One for each entry that is CC0 and names a district with a known centre, in their order.

    OpenFairDB knows no entry without a position, and a pin in the middle of a city would be a wrong one (decision 23).
    `base` is the app's public address.
    """
    return [
        _place(call, one, tile, base)
        for one in entries
        if one.license == OPEN_DATA and (tile := _tile(call, one)) is not None
    ]


def _tile(call: Call, entry: Entry) -> Tile | None:
    """The first of its districts that has a centre: a point between several would lie in none of them."""
    grid = call.landscape.grid
    if grid is None:
        return None
    placed = {tile.id: tile for tile in grid.tiles if tile.lat is not None and tile.lng is not None}
    return next((placed[one] for one in chosen_of(entry, grid.field) if one in placed), None)


def _place(call: Call, entry: Entry, tile: Tile, base: str) -> dict[str, Any]:
    fields = [one for one in public_fields(call) if one.id in entry.answers and one.type not in _SILENT]
    homepage = next((one for one in fields if one.type == "url"), None)
    told = [one for one in fields if one != homepage and one.id != call.form.title_field]
    language = entry.language if entry.language in call.languages else call.languages[0]
    place: dict[str, Any] = {
        "title": entry.name,
        "description": _description(call, entry, told, tile, language),
        "lat": tile.lat,
        "lng": tile.lng,
        "categories": [INITIATIVE],
        "tags": list(dict.fromkeys([call.call, *_tags(call, entry), APPROXIMATE])),
        "license": LICENSE,
        "links": [
            {
                "url": f"{base}/calls/{call.call}/landscape",
                "title": words(call.title, language),
                # By this whoever took it in finds it again when it is withdrawn.
                "description": f"{translate(language, _REFERENCE)} {entry.reference}",
            }
        ],
    }
    if homepage is not None:
        place["homepage"] = entry.answers[homepage.id]
    return place


def _description(call: Call, entry: Entry, fields: Sequence[Field], tile: Tile, language: str) -> str:
    """The first long text as it is, then all other answers behind their questions, then what the point means."""
    first = next((one for one in fields if one.type == "textarea"), None)
    paragraphs = [str(entry.answers[first.id])] if first else []
    rest = [
        f"{words(one.label, language)}: {_in_words(one, entry.answers[one.id], language)}"
        for one in fields
        if one != first
    ]
    grid = call.landscape.grid
    labels = _labels(call.fields[grid.field], language) if grid else {}
    roughly = translate(language, _ROUGHLY, {"district": labels[tile.id]})
    return "\n\n".join([*paragraphs, *(["\n".join(rest)] if rest else []), roughly])


def _in_words(field: Field, answer: Any, language: str) -> str:
    if not field.choices:
        return str(answer)
    labels, chosen = _labels(field, language), answer if isinstance(answer, list) else [answer]
    return ", ".join(labels.get(str(one), str(one)) for one in chosen)


def _tags(call: Call, entry: Entry) -> Iterator[str]:
    """The themes, which are what the first chart counts: in lower case and of one word, as tags are there."""
    for name in call.landscape.charts[:1]:
        labels = _labels(call.fields[name], call.languages[0])
        for one in chosen_of(entry, name):
            yield "-".join(re.findall(r"\w+", labels.get(one, one).lower())) or one


def _labels(field: Field, language: str) -> dict[str, str]:
    return {one.id: words(one.label, language) for one in field.choices}
