"""Tickets: one page load makes at most one submission, by a person's pace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.calls.call import Policy
from chalicelib.intake.tickets import (
    Ticket,
    TicketExpired,
    TicketRefused,
    TicketTooYoung,
    check_age,
    issue_ticket,
    read_ticket,
)
from chalicelib.runtime.keys import Keys
from chalicelib.submissions.reference import read
from tests.builders import KEYS, NOON, call_of, later

CALL = call_of(policy=Policy(ticket_min_seconds=2, ticket_max_seconds=3600))


def test_a_ticket_says_which_submission_it_is_for_and_when_it_was_given_out() -> None:
    ticket = read_ticket(KEYS, CALL, issue_ticket(KEYS, CALL, NOON))
    assert read(ticket.submission_id) == ticket.submission_id
    assert ticket.issued_at == NOON.timestamp()


def test_no_two_tickets_are_for_the_same_submission() -> None:
    ids = {read_ticket(KEYS, CALL, issue_ticket(KEYS, CALL, NOON)).submission_id for _ in range(100)}
    assert len(ids) == 100


@pytest.mark.parametrize("seconds", [2, 3, 3600])
def test_a_ticket_is_good_from_its_least_to_its_greatest_age(seconds: int) -> None:
    check_age(Ticket("K7Q49XMD2RTB", int(NOON.timestamp())), CALL, later(seconds=seconds))


@pytest.mark.parametrize(
    ("seconds", "refusal"), [(-60, TicketTooYoung), (0, TicketTooYoung), (1.9, TicketTooYoung), (3600.1, TicketExpired)]
)
def test_a_ticket_is_refused_before_and_after(seconds: float, refusal: type[TicketRefused]) -> None:
    with pytest.raises(refusal):
        check_age(Ticket("K7Q49XMD2RTB", int(NOON.timestamp())), CALL, later(seconds=seconds))


def test_a_ticket_that_is_too_young_says_how_long_to_wait() -> None:
    with pytest.raises(TicketTooYoung) as caught:
        check_age(Ticket("K7Q49XMD2RTB", int(NOON.timestamp())), CALL, NOON)
    assert caught.value.details == {"seconds": 2}
    assert caught.value.facts == {"retry_after_seconds": 2}
    assert caught.value.headers["Retry-After"] == "2"


@pytest.mark.parametrize(("age", "wait"), [(0, "2"), (0.1, "2"), (1, "1"), (1.9, "1")])
def test_the_seconds_to_wait_are_those_that_are_left(age: float, wait: str) -> None:
    with pytest.raises(TicketTooYoung) as caught:
        check_age(Ticket("K7Q49XMD2RTB", int(NOON.timestamp())), CALL, later(seconds=age))
    assert caught.value.headers["Retry-After"] == wait
    assert caught.value.facts == {"retry_after_seconds": int(wait)}


def test_a_ticket_is_good_for_its_own_call_only() -> None:
    with pytest.raises(TicketRefused):
        read_ticket(KEYS, call_of(name="other-call"), issue_ticket(KEYS, CALL, NOON))


@given(st.text())
def test_any_other_text_is_no_ticket(text: str) -> None:
    with pytest.raises(TicketRefused):
        read_ticket(KEYS, CALL, text)


def test_a_ticket_cannot_be_forged_or_made_of_another_signature_of_ours() -> None:
    payload: list[str | int] = [CALL.call, "K7Q49XMD2RTB", int(NOON.timestamp())]
    assert read_ticket(KEYS, CALL, KEYS.sign("ticket", payload)).submission_id == "K7Q49XMD2RTB"
    for forged in (
        Keys(root="guessed").sign("ticket", payload),
        KEYS.sign("receipt", payload),
        KEYS.sign("ticket", payload[:2]),
        KEYS.sign("ticket", [*payload, 1]),
        KEYS.sign("ticket", payload)[:-3],
        KEYS.sign("ticket", payload).replace(".", "", 1),
    ):
        with pytest.raises(TicketRefused):
            read_ticket(KEYS, CALL, forged)


def test_tickets_given_out_before_a_change_of_keys_stay_good() -> None:
    before = issue_ticket(KEYS, CALL, NOON)
    rotated = Keys(root=KEYS.root, signing=("second", "first"))
    assert read_ticket(rotated, CALL, before)
    assert read_ticket(Keys(root=KEYS.root, signing=("second",)), CALL, issue_ticket(rotated, CALL, NOON))
    with pytest.raises(TicketRefused):
        read_ticket(KEYS, CALL, issue_ticket(rotated, CALL, NOON))
