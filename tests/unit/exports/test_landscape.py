"""The landscape: who is in it, what is shown of them, and that others can read it."""

import json
from typing import Any

import msgspec
import pytest
from geojson_pydantic import FeatureCollection
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from chalicelib.calls.call import Grid, Landscape, Tile
from chalicelib.exports.landscape import OPEN_DATA, entries_of, landscape_document, public_answers
from chalicelib.exports.landscape_geojson import landscape_geojson
from chalicelib.submissions.submission import STATES, Submission
from tests.builders import PROJECT, accepted, call_of, kosi, kosi_answers, published

BASE = "https://aufruf.example.org"
AT = "2026-05-04T12:00:00.000Z"
KOSI = published(kosi(), version=3)
SCHEMA = json.loads((PROJECT / "chalicelib" / "exports" / "schemas" / "landscape-1.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
HOSTILE = [
    "<script>alert(1)</script>",
    "=1+1",
    "\u202dx".replace("\u202d", "“"),
    '"; DROP',
    "</script><!--",
    "🧶 𐍈",
    "\\u0000",
]


def one(number: int = 1, **changes: Any) -> Submission:
    return accepted(KOSI, number, kosi_answers(**changes))


def document(*submissions: Submission) -> dict[str, Any]:
    """As it goes out, and valid."""
    entries = entries_of(KOSI.call, submissions)
    written: dict[str, Any] = json.loads(
        msgspec.json.encode(landscape_document(KOSI, entries, base=BASE, updated_at=AT))
    )
    VALIDATOR.validate(written)
    return written


def geojson(*submissions: Submission) -> dict[str, Any]:
    """As it goes out, and valid by the model of somebody else."""
    entries = entries_of(KOSI.call, submissions)
    text = msgspec.json.encode(landscape_geojson(KOSI, entries, base=BASE, updated_at=AT))
    FeatureCollection.model_validate_json(text)
    written: dict[str, Any] = json.loads(text)
    return written


def names(*submissions: Submission) -> list[str]:
    return [entry["name"] for entry in document(*submissions)["entries"]]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_only_what_was_accepted_is_in_it() -> None:
    states = [*STATES, "erased"]
    every = [replace(one(number, name=state), state=state) for number, state in enumerate(states)]
    assert names(*every) == ["accepted"]


def test_what_was_published_stays_while_a_change_waits_for_its_decision() -> None:
    changed = accepted(KOSI, 1, kosi_answers(name="Neu"), edited={"name": "Alt"}, state="confirmed", decided_at=None)
    assert names(changed) == ["Alt"]
    assert names(replace(changed, state="withdrawn", published=None)) == []


def test_the_organisers_copy_is_shown_and_not_what_was_sent() -> None:
    edited = accepted(KOSI, 1, kosi_answers(name="tauschregal!!!"), edited={"name": "Tauschregal", "themes": ["other"]})
    [entry] = document(edited)["entries"]
    assert entry["answers"] == {"name": "Tauschregal", "themes": ["other"]}


def test_nothing_personal_is_in_it_even_if_it_was_published() -> None:
    copy = {
        "name": "Alt",
        "reporter_name": "Zoë Kanarienvogel",
        "public_contact": "canary@example.org",
        "relation": "knows",
    }
    for submission in (one(), accepted(KOSI, 2, kosi_answers(), edited=copy)):
        answers = public_answers(KOSI.call, submission)
        assert answers is not None
        assert not {"reporter_name", "reporter_email", "public_contact", "relation", "consent_publish"} & set(answers)
        for text in (json.dumps(document(submission)), json.dumps(geojson(submission))):
            assert "canary" not in text.lower()
            assert "Kanarienvogel" not in text


def test_entries_stand_in_the_order_they_were_sent_in() -> None:
    early, late = one(2, name="Zuerst"), replace(one(1, name="Danach"), submitted_at="2026-05-05T00:00:00.000Z")
    assert names(late, early) == ["Zuerst", "Danach"]


def test_charts_and_map_count_every_choice_of_an_entry() -> None:
    written = document(
        one(1, themes=["climate_protection", "new_jobs"], districts=["eving", "hoerde"], phase="running"),
        one(2, themes=["climate_protection"], districts=["eving", "citywide"]),
    )
    themes, phase, *_rest = written["charts"]
    assert {count["id"]: count["count"] for count in themes["counts"]} == {
        "demographic_change": 0, "sustainable_development": 0, "climate_protection": 2, "new_jobs": 1, "other": 0,
    }  # fmt: skip
    assert (themes["answered"], phase["answered"]) == (2, 1)
    tiles = {tile["id"]: tile["count"] for tile in written["map"]["tiles"] if tile["count"]}
    assert tiles == {"eving": 2, "hoerde": 1}
    assert {count["id"]: count["count"] for count in written["map"]["elsewhere"]} == {"citywide": 1, "unknown": 0}
    assert written["counts"] == {"entries": 2, "reports": 2, "districts": 2}


def test_the_licence_of_the_whole_is_what_everybody_agreed_to() -> None:
    agreed, not_agreed = one(1, consent_open_data=True), one(2)
    assert document(agreed)["license"] == OPEN_DATA
    mixed = document(agreed, not_agreed)
    assert mixed["license"] is None
    assert [entry["license"] for entry in mixed["entries"]] == [OPEN_DATA, None]


def test_an_empty_landscape_is_one_too() -> None:
    written = document()
    assert written["entries"] == []
    assert written["counts"] == {"entries": 0, "reports": 0, "districts": 0}
    assert written["event"]["starts_at"] == "2017-09-14T13:30:00.000Z"
    assert geojson()["features"] == []


def test_an_entry_lies_at_the_centre_of_its_district_and_says_so() -> None:
    [feature] = geojson(one(districts=["eving"]))["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [7.47, 51.55]}
    assert feature["properties"]["location"] == "district-centre"


def test_an_entry_in_several_districts_has_several_points() -> None:
    [feature] = geojson(one(districts=["eving", "hoerde", "citywide"]))["features"]
    assert feature["geometry"] == {"type": "MultiPoint", "coordinates": [[7.47, 51.55], [7.5, 51.49]]}


@pytest.mark.parametrize("district", ["citywide", "unknown"])
def test_an_entry_without_a_district_is_nowhere(district: str) -> None:
    [feature] = geojson(one(districts=[district]))["features"]
    assert feature["geometry"] is None
    assert feature["properties"]["location"] == "unknown"


def test_properties_are_flat() -> None:
    [feature] = geojson(one(themes=["climate_protection", "new_jobs"], since=2015))["features"]
    properties = feature["properties"]
    assert properties["themes"] == "climate_protection; new_jobs"
    assert properties["themes_label"] == "Klimaschutz; Neue Arbeitsplätze"
    assert properties["since"] == 2015
    assert not [value for value in properties.values() if isinstance(value, list | dict)]


def test_every_feature_has_the_same_properties() -> None:
    first, second = geojson(one(1), one(2, place="Am Markt", website="https://example.org"))["features"]
    assert list(first["properties"]) == list(second["properties"])


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_come_out_as_they_went_in(text: str) -> None:
    submission = one(name=f"A{text}", summary=f"{text} und noch dreißig Zeichen dazu, damit es reicht.")
    sent = submission.read_answers()
    [entry], [feature] = document(submission)["entries"], geojson(submission)["features"]
    for name in ("name", "summary"):
        assert entry["answers"][name] == feature["properties"][name] == sent[name]


def test_a_call_without_a_map_has_a_landscape_too() -> None:
    small = published(call_of())
    entries = entries_of(small.call, [accepted(small)])
    written = json.loads(msgspec.json.encode(landscape_document(small, entries, base=BASE, updated_at=AT)))
    VALIDATOR.validate(written)
    assert (written["map"], written["event"]) == (None, None)
    [feature] = landscape_geojson(small, entries, base=BASE, updated_at=AT)["features"]
    assert feature["geometry"] is None


def test_districts_without_coordinates_are_counted_and_not_placed() -> None:
    grid = Grid(
        field="themes", columns=2, rows=1, tiles=(Tile(id="green", row=0, col=0), Tile(id="work", row=0, col=1))
    )
    small = published(call_of(landscape=Landscape(grid=grid)))
    entries = entries_of(small.call, [accepted(small)])
    written = landscape_document(small, entries, base=BASE, updated_at=AT)
    assert [tile["count"] for tile in written["map"]["tiles"]] == [1, 0]
    assert landscape_geojson(small, entries, base=BASE, updated_at=AT)["features"][0]["geometry"] is None
