"""Charts as figures: where bars stand. Values only; templates draw them as SVG, with a table behind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct

WIDTH, HEIGHT = 720, 180  # of the drawing, in its own units
GAP = 0.25  # of a bar's place
_FEWEST = 14  # days, so that the first report is no wall
_DAYS_SHOWN, _WEEKS_SHOWN = 45, 60

Step = Literal["day", "week", "month"]


class Bar(Struct, frozen=True):
    """A span of time with how many there were, and where its bar stands."""

    begins: date
    count: int
    x: float
    y: float
    width: float
    height: float


class Timeline(Struct, frozen=True):
    """Bars side by side: each a day, a week (from Monday) or a month; `most` is the highest."""

    step: Step
    bars: tuple[Bar, ...]
    most: int


def timeline(days: Mapping[str, int], until: date) -> Timeline:
    """The counts of days (`2026-05-04`) up to `until`, none left out, in steps that can still be seen."""
    first = min((date.fromisoformat(one) for one in days), default=until)
    first = min(first, until - timedelta(days=_FEWEST - 1))
    span = (until - first).days + 1
    step: Step = "day" if span <= _DAYS_SHOWN else "week" if span <= _WEEKS_SHOWN * 7 else "month"
    counts: dict[date, int] = {}
    place = _begin(first, step)
    while place <= until:
        counts[place] = 0
        place = _next(place, step)
    for one, count in days.items():
        begins = _begin(date.fromisoformat(one), step)
        counts[begins] = counts.get(begins, 0) + count
    most = max(counts.values(), default=0)
    room = WIDTH / max(len(counts), 1)
    bars = tuple(
        Bar(
            begins=begins,
            count=count,
            x=round(number * room + room * GAP / 2, 2),
            y=round(HEIGHT - HEIGHT * count / max(most, 1), 2),
            width=round(room * (1 - GAP), 2),
            height=round(HEIGHT * count / max(most, 1), 2),
        )
        for number, (begins, count) in enumerate(sorted(counts.items()))
    )
    return Timeline(step=step, bars=bars, most=most)


def share(count: int, most: int) -> float:
    """How long a bar is, in percent of the longest."""
    return round(100 * count / most, 1) if most else 0.0


def _begin(day: date, step: Step) -> date:
    if step == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step == "month" else day


def _next(place: date, step: Step) -> date:
    if step == "month":
        return (place.replace(day=28) + timedelta(days=4)).replace(day=1)
    return place + timedelta(days=7 if step == "week" else 1)
