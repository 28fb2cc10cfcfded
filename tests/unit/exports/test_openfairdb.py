"""The file for the Karte von morgen: who is in it, where they lie, what is told of them."""

import json
from typing import Any

import msgspec
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from chalicelib.calls.call import Call, Landscape
from chalicelib.exports.landscape import entries_of
from chalicelib.exports.openfairdb import openfairdb_entries
from chalicelib.submissions.submission import Submission
from tests.builders import PROJECT, accepted, field, kosi, kosi_answers, published

KOSI = published(kosi())
SCHEMA = json.loads((PROJECT / "tests" / "integration" / "openfairdb-entries.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def one(number: int = 1, **changes: Any) -> Submission:
    return accepted(KOSI, number, kosi_answers(**{"consent_open_data": True, **changes}))


def places(*submissions: Submission, call: Call = KOSI.call) -> list[dict[str, Any]]:
    """As they go out, and valid by the schema of those who take them."""
    entries = entries_of(call, submissions)
    text = msgspec.json.encode(openfairdb_entries(call, entries, base="https://aufruf.example.org"))
    written: list[dict[str, Any]] = json.loads(text)
    VALIDATOR.validate(written)
    return written


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_an_entry_says_all_that_is_public_and_where_it_roughly_lies() -> None:
    shown = one(theme_other="Nachbarschaft", website="https://tauschregal.example.org/", place="Bürgerhaus")
    assert places(shown) == [
        {
            "title": "Tauschregal im Hausflur",
            "description": "Im Hausflur steht ein Regal: Wer etwas übrig hat, stellt es hinein.\n\n"
            "Themen: Nachhaltige Entwicklung, Anderes Thema\nWelches andere Thema?: Nachbarschaft\n"
            "Stadtbezirk(e): Hörde\nÖffentlicher Ort oder Adresse (keine Privatadresse): Bürgerhaus\n"
            "Seit wann? (Jahr): 2015\n\n"
            "Der Punkt auf der Karte liegt etwa in der Mitte von Hörde. Er ist keine Adresse.",
            "lat": 51.49,
            "lng": 7.5,
            "categories": ["2cd00bebec0c48ba9db761da48678134"],
            "tags": ["kosi-lab-dortmund", "nachhaltige-entwicklung", "anderes-thema", "approximate-location"],
            "license": "CC0-1.0",
            "links": [
                {
                    "url": "https://aufruf.example.org/calls/kosi-lab-dortmund/landscape",
                    "title": "Initiativen sozialer Innovation in Dortmund gesucht",
                    "description": f"Vorgangsnummer {shown.reference}",
                }
            ],
            "homepage": "https://tauschregal.example.org/",
        }
    ]


def test_only_who_agreed_to_open_data_is_in_it() -> None:
    agreed, not_agreed = one(1, name="Ja"), one(2, name="Nein", consent_open_data=None)
    waiting = replace(one(3, name="Noch nicht"), state="confirmed")
    imported = one(4, name="Aus einer Liste")
    imported = replace(imported, source="import-1", consents=replace(imported.consents, given=()))
    assert [place["title"] for place in places(agreed, not_agreed, waiting, imported)] == ["Ja"]
    unasked = replace(kosi(), form=replace(kosi().form, consents=replace(kosi().form.consents, open_data="")))
    assert places(agreed, call=unasked) == []


def test_it_lies_in_its_first_district_and_without_one_nowhere() -> None:
    several = places(one(districts=["citywide", "eving", "hoerde"]))
    assert [(place["lat"], place["lng"]) for place in several] == [(51.55, 7.47)]
    assert "Eving, Hörde" in several[0]["description"]
    assert several[0]["description"].endswith("Mitte von Eving. Er ist keine Adresse.")
    assert places(one(districts=["citywide"]), one(2, districts=["unknown"])) == []
    assert places(one(), call=replace(kosi(), landscape=Landscape(charts=("themes",)))) == []


def test_no_address_and_no_number_of_anybody_goes_out_even_where_a_call_shows_them() -> None:
    step = replace(
        kosi().form.steps[0],
        fields=(*kosi().form.steps[0].fields, field("mail", "email", public=True), field("phone", "tel", public=True)),
    )
    call = replace(kosi(), form=replace(kosi().form, steps=(step, *kosi().form.steps[1:])))
    given = kosi_answers(consent_open_data=True, mail="laden@example.org", phone="0231 5550")
    [place] = places(accepted(published(call), 1, given), call=call)
    assert not {"email", "telephone", "contact_name"} & set(place)
    for private in ('example.org"', "laden@", "5550", "canary@", "Kanarienvogel"):
        assert private not in json.dumps(place, ensure_ascii=False)


def test_an_english_report_is_told_in_english_and_its_tags_are_the_calls() -> None:
    [place] = places(replace(one(), language="en"))
    assert "Themes: Sustainable development, Other theme" in place["description"]
    assert place["description"].endswith("about the middle of Hörde. It is not an address.")
    assert place["tags"][1] == "nachhaltige-entwicklung"
