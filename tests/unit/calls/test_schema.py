"""The published JSON Schema says what the judge does."""

from typing import Any
from unicodedata import is_normalized

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from chalicelib.calls.answers import AnswersInvalid, judge
from chalicelib.calls.call import Call
from chalicelib.calls.fields import Condition, Field
from chalicelib.calls.patterns import EMAIL, TEL, URL
from chalicelib.calls.schema import answers_object, answers_schema
from tests.builders import answers, call_of, choices, field, kosi, kosi_answers, published

CALL = call_of(
    field("name", "text", required=True, min_length=2, max_length=10),
    field("story", "textarea", min_length=5, max_length=20),
    field("place", "place", max_length=10),
    field("themes", "choices", required=True, choices=choices("green", "work", "other"), max_choices=2),
    field("theme_other", "text", required=True, show_if=Condition(field="themes", has="other")),
    field("groups", "choices", choices=choices("young", "old", "all"), min_choices=2),
    field("relation", "choice", required=True, choices=choices("knows", "part_of")),
    field("contact", "email", required=True, show_if=Condition(field="relation", is_="part_of")),
    field("since", "year", min=1850, max=2100),
    field("founded", "year"),
    field("website", "url"),
    field("phone", "tel"),
    field("day", "date"),
    field("email", "email", required=True),
    field("privacy", "consent", required=True),
    field("invite", "consent"),
)


def says_yes(call: Call, given_answers: dict[str, Any]) -> bool:
    return Draft202012Validator(answers_object(call, "en")).is_valid(given_answers)


def judged_good(call: Call, given_answers: dict[str, Any]) -> bool:
    try:
        judge(call, given_answers)
    except AnswersInvalid:
        return False
    return True


def a_good(one: Field) -> st.SearchStrategy[Any]:
    """Good answers to a field, in normal form."""
    ids = st.sampled_from([choice.id for choice in one.choices]) if one.choices else st.nothing()
    letters = st.text(st.sampled_from("aüß👩"), min_size=one.min_length or 1, max_size=one.longest)
    return {
        "text": letters,
        "textarea": letters,
        "place": letters,
        "choice": ids,
        "choices": st.lists(ids, unique=True, min_size=one.min_choices or 1, max_size=one.max_choices),
        "year": st.integers(one.min or 1000, one.max or 9999),
        "consent": st.just(value=True),
        "date": st.dates().filter(lambda day: day.year >= 1000).map(str),
        "url": st.sampled_from(
            ["https://example.org", "http://www.example.org/a?b=c", "https://grüne-höfe.example.org/"]
        ),
        "email": st.sampled_from(["ada@example.org", "a.b+c@mail.example.org"]),
        "tel": st.sampled_from(["0231 123456", "+49 (0)231-123"]),
    }[one.type]


def good_answers(call: Call) -> st.SearchStrategy[dict[str, Any]]:
    required = {one.id: a_good(one) for one in call.fields.values() if one.required}
    optional = {one.id: a_good(one) for one in call.fields.values() if not one.required}
    return st.fixed_dictionaries(required, optional=optional)


@given(good_answers(CALL))
def test_what_the_judge_accepts_the_schema_accepts_in_its_normal_form(given_answers: dict[str, Any]) -> None:
    normal = judge(CALL, given_answers)
    Draft202012Validator(answers_object(CALL, "en"), format_checker=Draft202012Validator.FORMAT_CHECKER).validate(
        normal
    )


@given(good_answers(kosi()))
def test_that_holds_for_the_real_call_too(given_answers: dict[str, Any]) -> None:
    Draft202012Validator(answers_object(kosi(), "de")).validate(judge(kosi(), given_answers))


strange = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(0, 12_000),
    st.floats(allow_nan=False),
    st.text("aü ", max_size=30),
    st.lists(st.sampled_from(["green", "work", "other", "young", "old", "all", "x"]), max_size=4),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)


@given(
    good_answers(CALL), st.dictionaries(st.sampled_from([*CALL.fields, "stranger"]), strange, min_size=1, max_size=2)
)
def test_what_the_schema_accepts_the_judge_accepts_but_for_formats(
    given_answers: dict[str, Any], changed: dict[str, Any]
) -> None:
    """White space alone is nothing to us and a text to a schema; formats are compared below, one by one."""
    candidate = given_answers | changed
    told_by_format = {one.id for one in CALL.fields.values() if one.type in {"url", "email", "tel", "date"}}
    blank = {name for name, value in candidate.items() if isinstance(value, str) and value.split() != [value]}
    if says_yes(CALL, candidate) and not (changed.keys() & told_by_format) and not blank:
        assert judged_good(CALL, candidate), candidate


@pytest.mark.parametrize(
    "change",
    [
        {"name": "x"},
        {"name": "x" * 11},
        {"name": 7},
        {"name": None},
        {"themes": []},
        {"themes": ["green", "blue"]},
        {"themes": ["green", "work", "other"], "theme_other": "x"},
        {"themes": ["other"]},
        {"groups": ["young"]},
        {"relation": "is"},
        {"relation": "part_of"},
        {"since": 1849},
        {"since": 2101},
        {"since": 2015.5},
        {"founded": 999},
        {"founded": 10_000},
        {"privacy": False},
        {"invite": "no"},
        {"story": "x" * 4},
        {"story": "x" * 21},
        {"place": "x" * 11},
        {"website": "https://example.org/" + "x" * 300},
        {"day": "14.09.2017"},
        {"phone": "call me"},
        {"email": "nobody"},
        {"stranger": "x"},
    ],
    ids=repr,
)
def test_what_is_wrong_is_wrong_for_both(change: dict[str, Any]) -> None:
    good = {"name": "Höfe", "themes": ["green"], "relation": "knows", "email": "ada@example.org", "privacy": True}
    candidate = {name: value for name, value in (good | change).items() if value is not None}
    checker = Draft202012Validator.FORMAT_CHECKER
    assert judged_good(CALL, good)
    assert not judged_good(CALL, candidate)
    assert not Draft202012Validator(answers_object(CALL, "en"), format_checker=checker).is_valid(candidate)


@pytest.mark.parametrize("required", ["name", "themes", "relation", "email", "privacy"])
def test_what_is_missing_is_missing_for_both(required: str) -> None:
    good = {"name": "Höfe", "themes": ["green"], "relation": "knows", "email": "ada@example.org", "privacy": True}
    missing = {name: value for name, value in good.items() if name != required}
    assert not judged_good(CALL, missing)
    assert not says_yes(CALL, missing)


@pytest.mark.parametrize("call", [call_of(), CALL, kosi()], ids=["small", "other", "kosi"])
def test_the_schema_is_a_schema(call: Call) -> None:
    Draft202012Validator.check_schema(answers_schema(published(call), language="de", base="https://aufruf.example.org"))


def test_the_schema_says_whose_it_is_in_the_language_asked_for() -> None:
    german, english = (
        answers_schema(published(version=3), language=language, base="https://aufruf.example.org")
        for language in ("de", "en")
    )
    assert german["$id"] == english["$id"] == "https://aufruf.example.org/calls/small-call/schema.json"
    assert (german["title"], english["title"]) == ("A small call (deutsch)", "A small call (English)")
    assert english["properties"]["name"]["title"] == "name (English)"
    assert english["version"] == 3


def test_good_answers_of_the_builders_are_good_for_the_schema() -> None:
    assert says_yes(call_of(), answers())
    assert says_yes(kosi(), kosi_answers())


@pytest.mark.parametrize(
    ("kind", "pattern"), [("email", EMAIL), ("url", URL), ("tel", TEL)], ids=["email", "url", "tel"]
)
@given(data=st.data())
def test_what_fits_a_pattern_is_never_refused_for_its_form(kind: str, pattern: str, data: st.DataObject) -> None:
    one = field("it", kind, required=True)
    drawn = data.draw(st.from_regex(pattern, fullmatch=True).filter(lambda text: len(text) <= (one.longest or 0)))
    reserved = (".arpa", ".invalid", ".local", ".localhost", ".onion")
    assume(is_normalized("NFC", drawn) and not drawn.lower().endswith(reserved))
    assert judged_good(call_of(one), {"it": drawn})


@pytest.mark.parametrize(("kind", "least"), [("text", 1), ("text", 4), ("textarea", 1), ("textarea", 4)])
@given(text=st.text(st.sampled_from("ax \t\n\v\f\x85\u2028\x00\x1c\u202e\u00a0é"), max_size=10))
@example(text="\r\n a b\x0b ")
def test_a_text_fits_when_the_judge_takes_it(kind: str, least: int, text: str) -> None:
    one = field("it", kind, required=True, min_length=least)
    assert judged_good(call_of(one), {"it": text}) == says_yes(call_of(one), {"it": text})


NOTHING = [None, "", " \u2003\n", [], [""]]


@pytest.mark.parametrize("kind", ["text", "textarea", "place", "choice", "choices", "year", "url", "email", "tel"])
@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("nothing", NOTHING, ids=repr)
def test_nothing_is_no_answer_for_both(kind: str, required: bool, nothing: object) -> None:
    one = field("it", kind, required=required, choices=choices("a", "b"))
    assert judged_good(call_of(one), {"it": nothing}) == says_yes(call_of(one), {"it": nothing}) == (not required)


@pytest.mark.parametrize("dropped", [None, 7, "x", ["x"], {"x": 1}], ids=repr)
def test_what_is_not_asked_may_be_anything_for_both(dropped: object) -> None:
    given_answers = answers(themes=["green"]) | {"theme_other": dropped}
    assert judged_good(call_of(), given_answers)
    assert says_yes(call_of(), given_answers)
