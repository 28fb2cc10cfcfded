"""When a mail is settled, and when it waits for somebody."""

import pytest

from chalicelib.ledger.entry import MAIL_STATES, Entry, MailState, settled, waiting


def entry(state: MailState, lease_until: int = 0) -> Entry:
    return Entry("K7Q49XMD2RTB", "confirm", "small-call", state, 1, "2026-05-04T12:00:00.000Z", lease_until=lease_until)


def test_a_mail_is_settled_when_it_is_sent_or_given_up() -> None:
    assert {state for state in MAIL_STATES if settled(entry(state))} == {"sent", "failed"}


def test_a_mail_nobody_has_tried_is_not_settled_and_waits() -> None:
    assert not settled(None)
    assert waiting(None, 0)


@pytest.mark.parametrize("state", ["sent", "failed"])
def test_a_settled_mail_never_waits(state: MailState) -> None:
    assert not waiting(entry(state), 10**10)


@pytest.mark.parametrize("state", ["owed", "claimed"])
def test_a_mail_waits_once_its_lease_has_run_out(state: MailState) -> None:
    assert not waiting(entry(state, lease_until=100), 99.9)
    assert waiting(entry(state, lease_until=100), 100)
    assert waiting(entry(state, lease_until=0), 1)
