"""Times as text sort the way they sort as times."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.runtime.clock import moment, now, stamp

zones = st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-9, minutes=-30))])
times = st.datetimes(datetime(1970, 1, 3), datetime(9999, 12, 30), timezones=zones)  # noqa: DTZ001 - hypothesis adds it


def test_a_stamp_is_in_utc_with_milliseconds() -> None:
    assert (
        stamp(datetime(2026, 11, 23, 17, 43, 54, 123_999, tzinfo=timezone(timedelta(hours=2))))
        == "2026-11-23T15:43:54.123Z"
    )


@given(times, times)
def test_stamps_sort_as_times_do(one: datetime, other: datetime) -> None:
    if one <= other:
        assert stamp(one) <= stamp(other)


@given(times)
def test_a_stamp_gives_its_moment_back_to_the_millisecond(time: datetime) -> None:
    assert timedelta(0) <= time - moment(stamp(time)) < timedelta(milliseconds=1)


def test_now_is_aware() -> None:
    assert now().tzinfo is UTC
