"""The landscape: what the public sees of a call. `landscape.json` and what every other view of it is made of.

Values only. What is public is decided here and nowhere else: accepted submissions, in the organisers' words, and of
those the fields that the call marks as public. The published schema is `schemas/landscape-1.json`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chalicelib.calls.call import Call, PublishedCall
    from chalicelib.calls.fields import Field, Texts
    from chalicelib.submissions.submission import Submission

LANDSCAPE_SCHEMA = "landscape-1.json"
OPEN_DATA = "https://creativecommons.org/publicdomain/zero/1.0/"


class Entry(Struct, frozen=True):
    """One initiative in the landscape: `answers` to public fields, by field id; `language` the one they were written
    in; `reports` how many reports it was made of; `license` the address of CC0 where that was agreed to, or `None`.
    """

    reference: str
    name: str
    reports: int
    license: str | None
    language: str
    answers: dict[str, Any]


class Count(Struct, frozen=True):
    """How many entries have one choice."""

    id: str
    label: Texts
    count: int


class Chart(Struct, frozen=True):
    """How the entries spread over the choices of one field; `answered` by how many of them."""

    field: str
    label: Texts
    answered: int
    counts: tuple[Count, ...]


def public_fields(call: Call) -> list[Field]:
    """The fields whose answers may be shown to everybody."""
    return [one for one in call.fields.values() if one.public and not one.personal and one.type != "consent"]


def is_public(state: str, published: object) -> bool:
    """Whether a submission is in the landscape: accepted, or changed since and shown as it was.

    A change by the submitter brings an accepted one back to `confirmed`: what was published stays until it is decided.
    """
    return state == "accepted" or (state == "confirmed" and bool(published))


def public_answers(call: Call, submission: Submission) -> dict[str, Any] | None:
    """What everybody may read of a submission, in the order of the form; `None` when it is not in the landscape."""
    if not is_public(submission.state, submission.published):
        return None
    answers: dict[str, Any] = msgspec.json.decode(submission.published or submission.answers)
    return {one.id: answers[one.id] for one in public_fields(call) if answers.get(one.id) not in (None, "", [])}


def entries_of(call: Call, submissions: Iterable[Submission]) -> list[Entry]:
    """The landscape's entries among `submissions`, by the time they were sent: what is new comes last."""
    found = []
    for one in submissions:
        answers = public_answers(call, one)
        if answers is not None:
            found.append(((one.submitted_at, one.id), _entry(call, one, answers)))
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]


def _entry(call: Call, submission: Submission, answers: dict[str, Any]) -> Entry:
    open_data = call.form.consents.open_data
    return Entry(
        reference=submission.reference,
        name=str(answers.get(call.form.title_field) or submission.reference),
        reports=submission.reports,
        license=OPEN_DATA if open_data and open_data in submission.consents.given else None,
        language=submission.language,
        answers=answers,
    )


def chart(field: Field, entries: Sequence[Entry]) -> Chart:
    """The spread over a field's choices, in the order of the form. An entry with several choices counts for each."""
    counted: Counter[str] = Counter()
    answered = 0
    for entry in entries:
        chosen = chosen_of(entry, field.id)
        answered += bool(chosen)
        counted.update(chosen)
    counts = tuple(Count(id=one.id, label=one.label, count=counted[one.id]) for one in field.choices)
    return Chart(field=field.id, label=field.label, answered=answered, counts=counts)


def chosen_of(entry: Entry, field: str) -> tuple[str, ...]:
    """The ids of the choices that an entry has of a field, each once."""
    answer = entry.answers.get(field)
    if answer is None:
        return ()
    return tuple(dict.fromkeys(answer)) if isinstance(answer, list) else (str(answer),)


def landscape_document(
    published: PublishedCall, entries: Sequence[Entry], *, base: str, updated_at: str
) -> dict[str, Any]:
    """`landscape.json`. `base` is the app's public address; `updated_at` the stamp of when the entries were read."""
    call = published.call
    spread = district_map(call, entries)
    licenses = {one.license for one in entries}
    return {
        "$schema": f"{base}/schemas/{LANDSCAPE_SCHEMA}",
        "call": call.call,
        "form_version": published.version,
        "updated_at": updated_at,
        "languages": call.languages,
        "title": call.title,
        "organiser": {"name": call.organiser.name, "url": call.organiser.url or None},
        "event": _event(call),
        "links": {"page": f"{base}/calls/{call.call}/landscape", "call": f"{base}/calls/{call.call}"},
        # Of the whole: CC0 where everybody agreed to it. Each entry says it for itself, too.
        "license": OPEN_DATA if licenses == {OPEN_DATA} else None,
        "counts": {
            "entries": len(entries),
            "reports": sum(one.reports for one in entries),
            "districts": sum(tile["count"] > 0 for tile in spread["tiles"]) if spread else 0,
        },
        "fields": [_field(one) for one in public_fields(call)],
        "charts": [msgspec.to_builtins(chart(call.fields[name], entries)) for name in call.landscape.charts],
        "map": spread,
        "entries": [msgspec.to_builtins(one) for one in entries],
    }


def district_map(call: Call, entries: Sequence[Entry]) -> dict[str, Any] | None:
    """The district map with its counts; `elsewhere` are the choices that have no tile, such as the whole city."""
    grid = call.landscape.grid
    if grid is None:
        return None
    counts = {one.id: one for one in chart(call.fields[grid.field], entries).counts}
    tiles = [
        {
            "id": tile.id,
            "label": counts[tile.id].label,
            "row": tile.row,
            "col": tile.col,
            "lat": tile.lat,
            "lng": tile.lng,
            "count": counts[tile.id].count,
        }
        for tile in grid.tiles
    ]
    on_the_map = {tile.id for tile in grid.tiles}
    return {
        "field": grid.field,
        "columns": grid.columns,
        "rows": grid.rows,
        "tiles": tiles,
        "elsewhere": [msgspec.to_builtins(one) for name, one in counts.items() if name not in on_the_map],
    }


def _event(call: Call) -> dict[str, Any] | None:
    event = call.event
    if event is None:
        return None
    return {
        "title": event.title,
        "place": event.place,
        "starts_at": _in_utc(call.in_utc(event.starts_at)),
        "ends_at": _in_utc(call.in_utc(event.ends_at)),
        "time_zone": call.time_zone,
        "note": event.note or None,
    }


def _in_utc(moment: Any) -> str:
    return str(moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))


def _field(field: Field) -> dict[str, Any]:
    return {
        "id": field.id,
        "type": field.type,
        "label": field.label,
        "choices": [{"id": one.id, "label": one.label} for one in field.choices],
    }
