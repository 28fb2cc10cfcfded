"""The order of the steps."""

import pytest

from chalicelib.calls.answers import AnswersInvalid, judge_step
from chalicelib.errors import NotFound
from chalicelib.intake.journey import CHECK, place_of, step_of
from tests.builders import kosi

CALL = kosi()


def test_the_steps_lead_from_the_first_to_the_check_page() -> None:
    visited, step = [], CALL.form.steps[0].id
    while step != CHECK:
        place = place_of(CALL, step)
        assert place.before == (visited[-1] if visited else None)
        visited.append(step)
        assert place.number == len(visited)
        step = place.after
    assert visited == [one.id for one in CALL.form.steps]


def test_a_step_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        place_of(CALL, "nowhere")


def test_every_field_is_asked_by_one_step() -> None:
    for name in CALL.fields:
        assert any(field.id == name for field in place_of(CALL, step_of(CALL, name)).step.fields)
    assert step_of(CALL, "_website") == CALL.form.steps[0].id


def test_a_step_is_judged_alone_and_leaves_the_others_as_they_are() -> None:
    themes = place_of(CALL, step_of(CALL, "themes")).step
    kept = judge_step(
        CALL, themes, {"themes": ["other"], "theme_other": "Kultur", "districts": ["eving"]}, {"name": "A"}
    )
    assert kept == {"name": "A", "themes": ["other"], "theme_other": "Kultur", "districts": ["eving"]}
    again = judge_step(CALL, themes, {"themes": ["new_jobs"], "districts": ["eving"]}, kept)
    assert again == {"name": "A", "themes": ["new_jobs"], "districts": ["eving"]}


def test_a_field_may_depend_on_an_earlier_step() -> None:
    contact = place_of(CALL, step_of(CALL, "public_contact")).step
    given = {"public_contact": "hof@example.org"}
    assert judge_step(CALL, contact, given, {"relation": "part_of"})["public_contact"] == "hof@example.org"
    assert "public_contact" not in judge_step(CALL, contact, given, {"relation": "knows"})


def test_a_field_of_another_step_is_refused_by_name() -> None:
    themes = place_of(CALL, step_of(CALL, "themes")).step
    with pytest.raises(AnswersInvalid) as refused:
        judge_step(CALL, themes, {"themes": ["other"], "districts": ["eving"], "name": "A"}, {})
    assert [(one.field, one.code) for one in refused.value.errors] == [("name", "unknown-field")]
