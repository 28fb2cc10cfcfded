"""Which language a request gets, our words in it, dates as it writes them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.web.languages import choose, format_day, format_moment, languages, translate

OFFERED = ("de", "en")
SUMMER = datetime(2017, 9, 14, 13, 30, tzinfo=UTC)


def test_german_is_the_default_and_english_needs_no_catalogue() -> None:
    assert languages() == ("de", "en")


@pytest.mark.parametrize(
    ("asked", "accepted", "answered"),
    [
        (None, "", "de"),
        (None, "*", "de"),
        (None, "fr", "de"),
        (None, "en", "en"),
        (None, "EN-gb", "en"),
        (None, "en-US,en;q=0.9,de;q=0.8", "en"),
        (None, "fr,de;q=0.5,en;q=0.6", "en"),
        (None, "de;q=0.5, en;q=0.5", "de"),
        (None, "en;q=0, fr", "de"),
        (None, "en;q=x, de;q=0.1", "de"),
        (None, "en;q=nan", "de"),
        (None, ";;;,,,q=1", "de"),
        ("en", "de", "en"),
        ("de", "en", "de"),
        ("fr", "en", "en"),
        ("EN", "de", "de"),
        ("", "en", "en"),
    ],
)
def test_the_language_asked_for_wins_then_the_one_liked_best(asked: str | None, accepted: str, answered: str) -> None:
    assert choose(asked, accepted, OFFERED) == answered


def test_a_call_that_has_one_language_answers_in_it() -> None:
    assert choose("de", "de", ("en",)) == "en"


@given(st.one_of(st.none(), st.text()), st.text())
def test_any_request_gets_a_language_there_is(asked: str | None, accepted: str) -> None:
    assert choose(asked, accepted, OFFERED) in OFFERED


def test_words_come_from_the_catalogue_with_their_details() -> None:
    message = "Please choose at least %(limit)d answers."
    assert translate("en", message, {"limit": 2}) == "Please choose at least 2 answers."
    assert translate("de", message, {"limit": 2}) == "Bitte wählen Sie mindestens 2 Antworten."
    assert translate("de", "") == ""


def test_a_time_is_that_of_the_place() -> None:
    assert format_moment(SUMMER, "de", "Europe/Berlin") == "14. September 2017, 15:30\N{NO-BREAK SPACE}Uhr"
    assert format_moment(SUMMER, "en", "Europe/Berlin") == "14 September 2017, 15:30"
    winter = SUMMER.replace(month=12)
    assert format_moment(winter, "de", "Europe/Berlin") == "14. Dezember 2017, 14:30\N{NO-BREAK SPACE}Uhr"


def test_a_day_is_that_of_the_place() -> None:
    late = datetime(2017, 9, 14, 22, 30, tzinfo=UTC)
    assert format_day(late, "de", "Europe/Berlin") == "15. September 2017"
    assert format_day(late, "en", "Europe/London") == "14 September 2017"
