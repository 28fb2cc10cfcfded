"""Flags: what strikes us is named, and honest reports are left alone."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.calls.answers import AnswersInvalid, judge
from chalicelib.calls.call import Call, Policy
from chalicelib.intake.flags import FAST_SECONDS, MOST_LINKS, flags_of
from chalicelib.submissions.flags import WORDS, Flag
from chalicelib.web.languages import languages, translate
from infra.demo.people import read_samples
from tests.builders import answers, call_of, field, kosi

CALL = call_of(
    field("name", "text"),
    field("summary", "textarea"),
    field("idea", "textarea"),
    field("place", "place"),
    field("website", "url"),
    field("email", "email"),
    field("privacy", "consent"),
    field("publish", "consent"),
)
SENTENCE = "Wir flicken Räder und trinken dabei Kaffee."


def flags(call: Call = CALL, *, proven: bool = True, age: float | None = 60, **given_answers: Any) -> tuple[Flag, ...]:
    return flags_of(call, judge(call, given_answers), proven=proven, age=age)


def policy(proof_of_work: str) -> Call:
    return replace(CALL, policy=Policy(proof_of_work=proof_of_work))  # type: ignore[arg-type]


def test_an_honest_report_has_no_flags() -> None:
    assert flags(name="Radwerkstatt", summary=SENTENCE, place="Hörde", website="https://example.org") == ()
    assert flags_of(call_of(), judge(call_of(), answers()), proven=True, age=60) == ()


def test_many_links_are_flagged_but_not_the_answers_that_ask_for_one() -> None:
    link = "https://example.org/a "
    assert flags(summary=SENTENCE + link * MOST_LINKS, website="https://example.org") == ()
    assert flags(summary=SENTENCE + link * MOST_LINKS, idea="Mehr auf WWW.example.org") == ("many-links",)


@pytest.mark.parametrize(
    "texts",
    [
        {"summary": SENTENCE, "idea": f"  {SENTENCE.upper()[:-1]}. Mehr nicht.\n{SENTENCE}"},
        {"summary": f"{SENTENCE}\nUnd:\n{SENTENCE.replace(' ', '  ')}"},
        {"name": SENTENCE, "summary": SENTENCE.lower()},
    ],
)
def test_a_line_that_comes_twice_is_flagged(texts: dict[str, str]) -> None:
    assert flags(**texts) == ("repeated-text",)


def test_short_lines_may_come_twice() -> None:
    assert flags(name="Radwerkstatt", place="Radwerkstatt", summary="Ja, ja.\nJa, ja.") == ()


@pytest.mark.parametrize(
    ("text", "flagged"),
    [
        ("WIR SUCHEN DRINGEND RÄDER!", True),
        ("ΜΙΛΑΜΕ ΕΛΛΗΝΙΚΑ ΕΔΩ", True),
        ("VHS", False),
        ("KOSI-LAB 2017", False),
        ("Wir SUCHEN DRINGEND RÄDER", False),
        ("我们一起修理自行车并喝咖啡", False),
        ("+49 231 123456 / 0170 1234567", False),
    ],
)
def test_shouting_is_flagged_where_a_script_has_capitals(text: str, flagged: bool) -> None:
    assert flags(name=text) == (("all-capitals",) if flagged else ())


def test_a_text_of_one_word_is_flagged_but_not_a_short_answer() -> None:
    assert flags(name="Radwerkstatt", summary="Super") == ("one-word",)
    assert flags(name="Radwerkstatt", summary="Super Sache") == ()


def test_a_missing_proof_is_flagged_where_one_was_offered() -> None:
    assert flags(policy("optional"), proven=False) == ("no-proof",)
    assert flags(policy("optional"), proven=True) == ()
    assert flags(policy("off"), proven=False) == ()


@pytest.mark.parametrize(
    ("age", "flagged"), [(0, True), (FAST_SECONDS - 0.1, True), (FAST_SECONDS, False), (None, False)]
)
def test_very_fast_is_flagged_where_a_ticket_says_so(age: float | None, flagged: bool) -> None:
    assert flags(name="Radwerkstatt", age=age) == (("very-fast",) if flagged else ())


def test_several_flags_come_in_a_fixed_order() -> None:
    link = "HTTPS://EXAMPLE.ORG/" + "A" * 20
    text = "\n".join([link] * 4)
    assert flags(name="KAUFEN SIE JETZT", summary=text, idea="X", proven=False, age=0) == tuple(
        one for one in get_args(Flag) if one not in {"primary-gone", "mail-held"}
    )


@given(st.dictionaries(st.sampled_from(["name", "summary", "idea", "place"]), st.text(max_size=300)))
def test_no_text_breaks_the_rules(texts: dict[str, str]) -> None:
    try:
        judged = judge(CALL, texts)
    except AnswersInvalid:
        return
    assert set(flags_of(CALL, judged, proven=True, age=60)) <= set(WORDS)


def test_of_the_invented_reports_only_the_careless_ones_are_flagged() -> None:
    flagged = [one for one in read_samples() if flags_of(kosi(), judge(kosi(), one.answers), proven=True, age=60)]
    assert len(flagged) <= 2


def test_every_flag_has_words_in_every_language() -> None:
    assert set(WORDS) == set(get_args(Flag))
    for language in languages():
        words = {translate(language, message) for message in WORDS.values()}
        assert len(words) == len(WORDS)
        assert language == "en" or words.isdisjoint(WORDS.values())
