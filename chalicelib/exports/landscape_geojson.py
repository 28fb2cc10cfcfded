"""`landscape.geojson`: the landscape for maps and geographic information systems (RFC 7946). Values only.

Nobody is asked for coordinates. An entry lies where its districts are: at the centres that the call gives for them,
one point or several, and it says so. Properties are flat, since that is what map programs can filter and join.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.exports.landscape import chosen_of, public_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.calls.call import Call, PublishedCall
    from chalicelib.calls.fields import Field
    from chalicelib.exports.landscape import Entry

SEPARATOR = "; "
_RESERVED = frozenset({"reference", "reports", "license", "language", "location"})


def landscape_geojson(
    published: PublishedCall, entries: Sequence[Entry], *, base: str, updated_at: str
) -> dict[str, Any]:
    """A `FeatureCollection` with a feature for each entry. Positions are longitude, latitude (RFC 7946, 3.1.1)."""
    call = published.call
    centres = _centres(call)
    language = call.languages[0]
    return {
        "type": "FeatureCollection",
        # Foreign members (RFC 7946, 6.1): what it is, for people who meet the file on its own.
        "call": call.call,
        "title": call.title[language],
        "updated_at": updated_at,
        "source": f"{base}/calls/{call.call}/landscape",
        "features": [_feature(call, entry, centres) for entry in entries],
    }


def _centres(call: Call) -> dict[str, list[float]]:
    """The positions of the districts that have one."""
    tiles = call.landscape.grid.tiles if call.landscape.grid else ()
    return {tile.id: [tile.lng, tile.lat] for tile in tiles if tile.lat is not None and tile.lng is not None}


def _feature(call: Call, entry: Entry, centres: dict[str, list[float]]) -> dict[str, Any]:
    grid = call.landscape.grid
    chosen = chosen_of(entry, grid.field) if grid else ()
    points = [centres[one] for one in chosen if one in centres]
    properties: dict[str, Any] = {
        "reference": entry.reference,
        "reports": entry.reports,
        "license": entry.license,
        "language": entry.language,
        "location": "district-centre" if points else "unknown",
    }
    for field in public_fields(call):
        properties |= _flat(field, entry.answers.get(field.id), call.languages[0])
    return {"type": "Feature", "id": entry.reference, "geometry": _geometry(points), "properties": properties}


def _geometry(points: list[list[float]]) -> dict[str, Any] | None:
    if not points:
        return None  # an unlocated feature (RFC 7946, 3.2): the whole city is no point
    if len(points) == 1:
        return {"type": "Point", "coordinates": points[0]}
    return {"type": "MultiPoint", "coordinates": points}


def _flat(field: Field, answer: Any, language: str) -> dict[str, Any]:
    """The properties for one answer; of choices their ids, and beside them how they are called."""
    name = f"{field.id}_" if field.id in _RESERVED else field.id
    if not field.choices:
        return {name: answer}
    chosen = [] if answer is None else answer if isinstance(answer, list) else [answer]
    labels = {one.id: one.label[language] for one in field.choices}
    return {
        name: SEPARATOR.join(chosen) or None,
        f"{name}_label": SEPARATOR.join(labels.get(one, one) for one in chosen) or None,
    }
