"""When a mail is settled, when it waits for somebody, and how long the pauses are."""

import pytest

from chalicelib.ledger.entry import (
    LONGEST_WAIT,
    MAIL_STATES,
    MOST_ATTEMPTS,
    RESENDABLE,
    WORDS,
    Entry,
    MailState,
    pause_after,
    pause_when_throttled,
    settled,
    waiting,
)

HOUR = 3600


def entry(state: MailState, lease_until: int = 0) -> Entry:
    return Entry("K7Q49XMD2RTB", "confirm", "small-call", state, 1, "2026-05-04T12:00:00.000Z", lease_until=lease_until)


def test_a_mail_is_settled_unless_it_is_owed_or_somebody_is_at_it() -> None:
    assert {state for state in MAIL_STATES if not settled(entry(state))} == {"owed", "claimed"}


def test_a_mail_nobody_has_tried_is_not_settled_and_waits() -> None:
    assert not settled(None)
    assert waiting(None, 0)


@pytest.mark.parametrize("state", sorted(set(MAIL_STATES) - {"owed", "claimed"}))
def test_a_settled_mail_never_waits(state: MailState) -> None:
    assert not waiting(entry(state), 10**10)


@pytest.mark.parametrize("state", ["owed", "claimed"])
def test_a_mail_waits_once_its_lease_has_run_out(state: MailState) -> None:
    assert not waiting(entry(state, lease_until=100), 99.9)
    assert waiting(entry(state, lease_until=100), 100)
    assert waiting(entry(state, lease_until=0), 1)


def test_the_attempts_are_spread_over_somewhat_more_than_four_hours() -> None:
    pauses = [pause_after(attempt, 30) for attempt in range(1, MOST_ATTEMPTS)]
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3840, 7680]
    assert 4 * HOUR < sum(pauses) < 4.5 * HOUR


def test_who_is_throttled_asks_less_and_less_often_but_every_quarter_of_an_hour() -> None:
    pauses = [pause_when_throttled(waits) for waits in range(1, 30)]
    assert pauses[:4] == [2, 4, 8, 16]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_WAIT


def test_every_state_has_words_and_what_may_have_arrived_is_not_sent_again() -> None:
    assert set(WORDS) == set(MAIL_STATES)
    assert not RESENDABLE & {"owed", "claimed", "sent", "delivered", "complained", "suppressed"}
