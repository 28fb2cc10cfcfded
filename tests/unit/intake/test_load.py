"""What the proof of work costs follows the load: never nothing, never more than is bearable, without jumps."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.intake.load import BUSY, LEAST, MOST, QUIET, WINDOW, Load, tries
from tests.builders import NOON, later

numbers = st.integers(min_value=0, max_value=10 * BUSY)


@given(numbers, numbers)
def test_more_load_never_costs_less(one: int, other: int) -> None:
    assert tries(min(one, other)) <= tries(max(one, other))


@given(numbers)
def test_the_cost_has_a_least_and_a_most(recent: int) -> None:
    assert LEAST <= tries(recent) <= MOST


def test_a_quiet_call_costs_least_and_a_busy_one_most() -> None:
    assert tries(0) == tries(QUIET) == LEAST
    assert tries(BUSY) == tries(100 * BUSY) == MOST


@given(st.integers(min_value=0, max_value=BUSY))
def test_one_more_visitor_hardly_changes_it(recent: int) -> None:
    assert tries(recent + 1) - tries(recent) <= MOST // 200


@given(st.lists(st.floats(min_value=0, max_value=3 * WINDOW), max_size=60).map(sorted))
def test_what_was_seen_in_the_window_is_counted(seconds: list[float]) -> None:
    load, end = Load(), 3 * WINDOW
    for one in seconds:
        load.note("small-call", later(seconds=one))
    at_end = later(seconds=end).timestamp()
    assert load.recent("small-call", later(seconds=end)) == sum(
        later(seconds=one).timestamp() > at_end - WINDOW for one in seconds
    )


def test_each_call_has_a_load_of_its_own() -> None:
    load = Load()
    load.note("small-call", NOON)
    assert (load.recent("small-call", NOON), load.recent("other-call", NOON)) == (1, 0)


def test_a_burst_takes_no_memory_beyond_what_matters_and_is_over_after_the_window() -> None:
    load = Load()
    for _ in range(10 * BUSY):
        load.note("small-call", NOON)
    assert load.recent("small-call", NOON) == BUSY
    assert load.recent("small-call", later(seconds=WINDOW)) == 0
