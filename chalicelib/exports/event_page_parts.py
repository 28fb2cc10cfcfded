"""What the event page shows of the landscape: numbers, map, charts, cards. Values in, values out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.errors import N_
from chalicelib.exports.event_page_words import in_all, sayer
from chalicelib.exports.landscape import chart, chosen_of, district_map, public_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chalicelib.calls.call import Call
    from chalicelib.calls.fields import Field, Texts
    from chalicelib.exports.landscape import Entry

    Say = Callable[[Texts], Any]

HUES = 8
# “I don't know” says nothing about an initiative; it is counted in charts and not written on cards.
_UNKNOWN = "unknown"
SHADES = 5


def numbers(call: Call, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """The big numbers: initiatives, districts, themes, and reports where they are more."""
    languages, say = call.languages, sayer(call.languages)
    found = [_number(say, in_all(languages, N_("Initiatives")), len(entries))]
    spread = district_map(call, entries)
    if spread:
        districts = sum(tile["count"] > 0 for tile in spread["tiles"])
        of = say(in_all(languages, N_("of %(number)s"), number=len(spread["tiles"])))
        found.append(_number(say, in_all(languages, N_("Districts")), districts, of))
    if call.landscape.charts:
        field = call.fields[call.landscape.charts[0]]
        found.append(_number(say, field.label, sum(one.count > 0 for one in chart(field, entries).counts)))
    reports = sum(one.reports for one in entries)
    if reports > len(entries):
        found.append(_number(say, in_all(languages, N_("Reports")), reports))
    return found


def _number(say: Say, words: Texts, number: int, of: Any = "") -> dict[str, Any]:
    return {"words": say(words), "number": number, "of": of}


def charts(call: Call, entries: Sequence[Entry], say: Say) -> list[dict[str, Any]]:
    """The charts; the bars of the first one, which names the themes, have a colour each."""
    return [
        _chart_view(call.fields[name], entries, say, coloured=place == 0)
        for place, name in enumerate(call.landscape.charts)
    ]


def _chart_view(field: Field, entries: Sequence[Entry], say: Say, *, coloured: bool) -> dict[str, Any]:
    counted = chart(field, entries)
    most = max((one.count for one in counted.counts), default=0) or 1
    bars = [
        {
            "id": one.id,
            "words": say(one.label),
            "count": one.count,
            # Of the track's hundred; a single one is still to be seen.
            "width": round(100 * one.count / most, 1),
            "hue": _hue(place) if coloured else "hue-1",
        }
        for place, one in enumerate(counted.counts)
    ]
    return {"field": field.id, "words": say(field.label), "answered": counted.answered, "bars": bars}


def map_view(call: Call, entries: Sequence[Entry], say: Say) -> dict[str, Any] | None:
    """The tiles row by row, `None` where the grid has none; shades from 0 (nobody) to 5 (most)."""
    spread = district_map(call, entries)
    if spread is None:
        return None
    most = max((tile["count"] for tile in spread["tiles"]), default=0) or 1
    placed = {
        (tile["row"], tile["col"]): {
            "id": tile["id"],
            "words": say(tile["label"]),
            "count": tile["count"],
            "shade": _shade(tile["count"], most),
        }
        for tile in spread["tiles"]
    }
    elsewhere = [{"id": one["id"], "words": say(one["label"]), "count": one["count"]} for one in spread["elsewhere"]]
    return {
        "columns": spread["columns"],
        "tiles": [placed.get((row, col)) for row in range(spread["rows"]) for col in range(spread["columns"])],
        "elsewhere": [one for one in elsewhere if one["count"]],
        "words": say(call.fields[spread["field"]].label),
        "rows": [*placed.values(), *elsewhere],
    }


def _shade(count: int, most: int) -> int:
    """0 for none, 1 for a single one, `SHADES` for the most."""
    if count == 0 or most == 1:
        return SHADES * count
    return 1 + round((SHADES - 1) * (count - 1) / (most - 1))


def entry_view(call: Call, entry: Entry, say: Say) -> dict[str, Any]:
    """A card: on its face themes, name, the first long text, district and phase; the rest behind."""
    themes = _charted(call, 0)
    grid = call.fields[call.landscape.grid.field] if call.landscape.grid else None
    phase = _charted(call, 1)
    long = next((one for one in public_fields(call) if one.type == "textarea"), None)
    face = {one.id for one in (themes, grid, phase, long) if one} | {call.form.title_field}
    chosen = chosen_of(entry, themes.id) if themes else ()
    hues = {one.id: _hue(place) for place, one in enumerate(themes.choices)} if themes else {}
    return {
        "reference": entry.reference,
        "name": entry.name,
        "language": entry.language,
        "summary": entry.answers.get(long.id, "") if long else "",
        "hue": hues.get(chosen[0], _hue(0)) if chosen else _hue(0),
        "themes": " ".join(chosen),
        "districts": " ".join(chosen_of(entry, grid.id)) if grid else "",
        "tags": [{"words": words, "hue": hues[one]} for one, words in _labels(themes, entry, say)],
        "where": [words for field in (grid, phase) for _, words in _labels(field, entry, say)],
        "more": [
            _answer(one, entry, say) for one in public_fields(call) if one.id in entry.answers and one.id not in face
        ],
    }


def _charted(call: Call, place: int) -> Field | None:
    names = call.landscape.charts[place : place + 1]
    return call.fields[names[0]] if names else None


def _labels(field: Field | None, entry: Entry, say: Say) -> list[tuple[str, Any]]:
    """The chosen choices of a field, those that it still has, and what they are called."""
    if field is None:
        return []
    labels = {one.id: one.label for one in field.choices}
    return [(one, say(labels[one])) for one in chosen_of(entry, field.id) if one in labels and one != _UNKNOWN]


def _answer(field: Field, entry: Entry, say: Say) -> dict[str, Any]:
    value = entry.answers[field.id]
    if field.choices:
        from markupsafe import Markup

        return {"words": say(field.label), "value": Markup(", ").join(words for _, words in _labels(field, entry, say)),
                "href": "", "free": False}  # fmt: skip
    text = str(value)
    address = text if field.type == "url" and text.lower().startswith(("https://", "http://")) else ""
    return {
        "words": say(field.label),
        "value": text,
        "href": address,
        "free": field.type in {"text", "textarea", "place"},
    }


def _hue(place: int) -> str:
    return f"hue-{place % HUES + 1}"
