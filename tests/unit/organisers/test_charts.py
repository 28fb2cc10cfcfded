"""Where bars stand."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.organisers.charts import HEIGHT, WIDTH, share, timeline

UNTIL = date(2026, 5, 4)


@pytest.mark.parametrize(
    ("first", "step", "bars"),
    [("2026-05-04", "day", 14), ("2026-04-01", "day", 34), ("2026-03-01", "week", 11), ("2024-05-04", "month", 25)],
)
def test_steps_are_as_wide_as_can_still_be_seen(first: str, step: str, bars: int) -> None:
    drawn = timeline({first: 3}, UNTIL)
    assert (drawn.step, len(drawn.bars)) == (step, bars)


@given(st.dictionaries(st.dates(date(2023, 1, 1), UNTIL).map(date.isoformat), st.integers(1, 999), max_size=40))
def test_nothing_is_lost_and_nothing_stands_outside(days: dict[str, int]) -> None:
    drawn = timeline(days, UNTIL)
    assert sum(bar.count for bar in drawn.bars) == sum(days.values())
    assert [bar.begins for bar in drawn.bars] == sorted({bar.begins for bar in drawn.bars})
    for bar in drawn.bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH + 0.1
        assert abs(bar.y + bar.height - HEIGHT) < 0.1


def test_a_share_of_nothing_is_nothing() -> None:
    assert (share(0, 0), share(1, 3), share(3, 3)) == (0.0, 33.3, 100.0)
