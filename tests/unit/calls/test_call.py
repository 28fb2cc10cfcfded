"""A call's dates in its own time zone, and when a field is asked."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.calls.call import holds
from chalicelib.calls.fields import Condition
from tests.builders import call_of, kosi

CLOSES = datetime(2026, 11, 1, 18, 0)  # noqa: DTZ001 - local time, after the change to winter time


def test_local_times_are_those_of_the_call_in_summer_and_in_winter() -> None:
    call = call_of(closes_at=CLOSES)
    assert call.opens == datetime(2017, 5, 1, 7, 0, tzinfo=UTC)
    assert call.closes == datetime(2026, 11, 1, 17, 0, tzinfo=UTC)


def test_a_call_is_open_from_its_first_moment_until_just_before_its_last() -> None:
    call = call_of(closes_at=CLOSES)
    assert call.closes is not None
    tick = timedelta(milliseconds=1)
    phases = [call.phase(moment) for moment in (call.opens - tick, call.opens, call.closes - tick, call.closes)]
    assert phases == ["not-yet", "open", "open", "closed"]


def test_a_call_without_an_end_stays_open() -> None:
    assert call_of().phase(datetime(2126, 1, 1, tzinfo=UTC)) == "open"


def test_the_call_of_kosi_lab_is_open_and_its_event_is_on_the_day_it_took_place() -> None:
    call = kosi()
    assert call.phase(datetime(2026, 1, 1, tzinfo=UTC)) == "open"
    assert call.event is not None
    assert call.in_utc(call.event.starts_at) == datetime(2017, 9, 14, 13, 30, tzinfo=UTC)
    assert call.in_utc(call.event.ends_at) == datetime(2017, 9, 14, 16, 30, tzinfo=UTC)
    assert "Evinger Platz 17" in call.event.place["de"]


@pytest.mark.parametrize(
    ("condition", "answers", "asked"),
    [
        (None, {}, True),
        (Condition(field="a", is_="x"), {"a": "x"}, True),
        (Condition(field="a", is_="x"), {"a": "y"}, False),
        (Condition(field="a", is_="x"), {"a": ["x"]}, False),
        (Condition(field="a", is_="x"), {}, False),
        (Condition(field="a", has="x"), {"a": ["y", "x"]}, True),
        (Condition(field="a", has="x"), {"a": ["y"]}, False),
        (Condition(field="a", has="x"), {"a": "x"}, False),
        (Condition(field="a", has="x"), {}, False),
    ],
    ids=repr,
)
def test_a_field_is_asked_while_its_condition_holds(condition: Condition | None, answers: dict, asked: bool) -> None:
    assert holds(condition, answers) is asked
