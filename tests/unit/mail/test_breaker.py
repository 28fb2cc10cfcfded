"""When sending stops."""

from datetime import timedelta

import pytest

from chalicelib.mail.breaker import Counts, Switch, counter, kept_until, too_many, window
from tests.builders import NOON


@pytest.mark.parametrize(
    ("counts", "cause"),
    [
        (Counts(), None),
        (Counts(sent=1, bounced=1), None),
        (Counts(sent=10, bounced=4), None),
        (Counts(sent=10, bounced=5), "bounces"),
        (Counts(sent=1000, bounced=40), None),
        (Counts(sent=1000, bounced=41), "bounces"),
        (Counts(sent=100, complained=1), None),
        (Counts(sent=100, complained=2), "complaints"),
        (Counts(sent=10_000, complained=8), None),
        (Counts(sent=10_000, complained=9), "complaints"),
        (Counts(sent=10_000, bounced=500, complained=9), "complaints"),
    ],
)
def test_sending_stops_above_four_percent_bounces_or_eight_hundredths_of_a_percent_complaints(
    counts: Counts, cause: str | None
) -> None:
    assert too_many(counts) == cause


def test_the_window_is_the_last_24_hours_and_begins_anew_when_sending_is_resumed() -> None:
    switch = Switch()
    names = window(switch, NOON)
    assert len(set(names)) == 24
    assert counter(switch, NOON) in names
    assert counter(switch, NOON - timedelta(hours=23)) in names
    assert counter(switch, NOON - timedelta(hours=24)) not in names
    assert not set(names) & set(window(Switch(generation=1), NOON))
    assert kept_until(NOON) > (NOON + timedelta(hours=24)).timestamp()


def test_the_switch_is_thrown_by_its_time() -> None:
    assert not Switch().stopped
    assert Switch(stopped_at="2026-05-04T12:00:00.000Z", cause="bounces").stopped
