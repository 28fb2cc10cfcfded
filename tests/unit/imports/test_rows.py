"""Rows become answers: columns are guessed, words become choices, and each row is judged as the form is."""

import pytest
from msgspec.structs import replace

from chalicelib.calls.answers import AnswersInvalid
from chalicelib.imports.likeness import alike_rows
from chalicelib.imports.rows import (
    OWN_NUMBER,
    Columns,
    Row,
    RowInvalid,
    fillable,
    guess,
    lenient,
    read_columns,
    read_row,
)
from chalicelib.imports.sheet import Sheet
from chalicelib.imports.taking import OUTCOMES, identity, plan, read_outcomes, written
from tests.builders import KEYS, call_of, kosi, published

NAMES = ("Titel", "Themen", "Seit", "Tag")
COLUMNS = Columns(("name", "themes", "since", "day"))


def read(*cells: str, columns: Columns = COLUMNS) -> Row:
    return read_row(lenient(call_of()), columns, NAMES, cells, 7)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Name der Initiative", "name"), ("name of the INITIATIVE", "name"), ("name", "name"), ("Name", "name"),
        ("Stadtbezirk", "districts"), ("districts", "districts"), ("Themen", "themes"),
        ("Was macht die Initiative?", "summary"), ("Website", "website"), ("reporter_email", "reporter_email"),
        ("Seit wann?", "since"), ("Irgendwas", ""), ("", ""), ("privacy_read", ""),
    ],
)  # fmt: skip
def test_a_column_is_guessed_by_its_name(heading: str, field: str) -> None:
    assert guess(kosi(), [heading]) == (field,)


def test_no_two_columns_are_guessed_to_answer_the_same() -> None:
    assert guess(kosi(), ["name", "Name der Initiative"]) == ("name", "")


def test_what_is_about_a_sender_may_be_empty_and_consents_are_no_columns() -> None:
    fields = {one.id: one.required for one in fillable(kosi())}
    assert not fields["reporter_email"]
    assert fields["relation"]
    assert not {one for one in fields if kosi().fields[one].type == "consent"}


def test_a_row_is_what_the_form_would_have_stored() -> None:
    assert read("  Grüne   Höfe ", "work (deutsch), green", "2015", "14.9.2017").answers == {
        "name": "Grüne Höfe", "themes": ["green", "work"], "since": 2015, "day": "2017-09-14",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["green; work", "green,work", "green|work", "Green (Deutsch)\nWORK", "green, work;"])
def test_several_choices_may_stand_in_a_cell(text: str) -> None:
    assert read("Hof", text, "", "").answers["themes"] == ["green", "work"]


def test_every_error_of_a_row_is_told_with_its_column() -> None:
    with pytest.raises(RowInvalid) as wrong:
        read("", "blue", "15", "32.1.2017")
    assert [(one.row, one.column, one.field, one.code) for one in wrong.value.errors] == [
        (7, "Titel", "name", "required"), (7, "Themen", "themes", "unknown-choice"), (7, "Seit", "since", "not-a-year"),
        (7, "Tag", "day", "not-a-date"),
    ]  # fmt: skip


def test_what_stands_in_a_row_goes_before_what_is_chosen_for_all() -> None:
    columns = replace(COLUMNS, fixed={"themes": "work", "relation": "knows"})
    row = read("Hof", "", "", "", columns=columns)
    assert (row.answers["themes"], row.answers["relation"]) == (["work"], "knows")
    assert read("Hof", "green", "", "", columns=columns).answers["themes"] == ["green"]


def test_the_same_row_has_the_same_id_whatever_is_chosen_for_all() -> None:
    plain = identity(KEYS, "small-call", read("Hof", "green", "", ""))
    columns = replace(COLUMNS, fixed={"relation": "knows"})
    assert identity(KEYS, "small-call", read("Hof", "green", "", "", columns=columns)) == plain
    assert identity(KEYS, "small-call", read(" Hof ", "Green (deutsch)", "", "")) == plain
    assert identity(KEYS, "small-call", read("Hof", "work", "", "")) != plain
    assert identity(KEYS, "other-call", read("Hof", "green", "", "")) != plain


def test_a_number_of_its_own_makes_a_row_the_same_whatever_else_it_says() -> None:
    columns = Columns(("name", "themes", OWN_NUMBER, ""))
    one, other = (read(name, "green", "12", "", columns=columns) for name in ("Hof", "Hof und Garten"))
    assert identity(KEYS, "small-call", one) == identity(KEYS, "small-call", other)
    assert "12" not in str(one.answers)


def test_a_plan_names_the_rows_that_repeat_an_earlier_one() -> None:
    sheet = Sheet(NAMES, (("Hof", "green", "", ""), ("", "", "", ""), ("Hof", "green", "", "")), (2, 3, 9))
    made = plan(published(), COLUMNS, sheet, KEYS)
    assert made.repeats == {2: 2}
    assert [isinstance(one, list) for one in made.rows] == [False, True, False]


def test_columns_that_make_no_sense_are_refused_by_name() -> None:
    with pytest.raises(AnswersInvalid) as wrong:
        read_columns(
            call_of(), NAMES, {"name": "Titel", "themes": "Titel", "since": "Gibts nicht"}, {"privacy": "on"}, ""
        )
    assert sorted((one.field, one.code) for one in wrong.value.errors) == [
        ("privacy", "unknown-field"), ("since", "unknown-column"), ("themes", "twice"),
    ]  # fmt: skip


def test_a_language_that_the_call_does_not_have_is_its_first() -> None:
    assert read_columns(call_of(), NAMES, {}, {}, "fr").language == "de"
    assert read_columns(call_of(), NAMES, {}, {}, "en").language == "en"


def test_outcomes_are_written_and_read_again() -> None:
    assert read_outcomes(written(OUTCOMES)) == list(OUTCOMES)


def test_likely_duplicates_are_found_among_thousands_and_reports_that_differ_are_none() -> None:
    words = ("Garten", "Werkstatt", "Küche", "Bücherei", "Chor", "Rad", "Theater", "Labor", "Markt", "Hof", "Saal")
    rows = [
        (number, {"name": f"{words[number % 11]} {words[number // 11 % 11]}{number}", "summary": f"Text {number}"})
        for number in range(2, 2_000)
    ]
    twin = (5_000, {"name": "Offener Bücherschrank am Markt", "summary": "Ein Schrank voller Bücher steht am Platz."})
    again = (5_001, {"name": "Offner Bücherschrank am Markt!", "summary": "Ein Schrank voller Bücher steht am Platz"})
    found = {one.row: one for one in alike_rows(call_of(), [twin, *rows, again], [])}
    assert found[5_001].other == 5_000
    assert found[5_001].score >= 90
