"""The ledger: of two workers only one sends, and nothing is lost when one dies."""

from itertools import count

import pytest
from msgspec.structs import replace

from chalicelib.errors import Unavailable
from chalicelib.ledger import table as ledger
from chalicelib.ledger.entry import MOST_ATTEMPTS, Entry, MailState
from chalicelib.ledger.fate import Event, Happened, after
from chalicelib.runtime.table import ConditionFailed
from chalicelib.submissions.reference import from_bits
from tests.aws import Border, throttled, timed_out

AT = "2026-05-04T12:00:00.000Z"
LATER = "2026-05-04T12:01:00.000Z"
_numbers = count(1_000)


def fresh() -> str:
    """A submission that no other test has used."""
    return from_bits(next(_numbers))


def claim(submission: str, owner: str = "a", now: int = 100, call: str = "small-call", at: str = AT) -> Entry | None:
    return ledger.claim(call, submission, "confirm", owner=owner, now=now, lease=60, at=at)


def claimed(submission: str, owner: str = "a", now: int = 100) -> Entry:
    entry = claim(submission, owner, now)
    assert entry is not None
    return entry


def test_the_first_to_claim_a_mail_holds_it_for_the_lease() -> None:
    submission = fresh()
    entry = claimed(submission)
    assert entry == Entry(submission, "confirm", "small-call", "claimed", 1, AT, lease_until=160, owner="a")
    assert ledger.find(submission, "confirm") == entry


def test_a_second_worker_gets_nothing_while_the_lease_runs() -> None:
    submission = fresh()
    first = claimed(submission)
    assert claim(submission, "b", now=159) is None
    assert ledger.find(submission, "confirm") == first


def test_a_second_worker_gets_the_mail_once_the_lease_has_run_out() -> None:
    submission = fresh()
    claimed(submission)
    second = claimed(submission, "b", now=160)
    assert (second.owner, second.attempts, second.lease_until) == ("b", 2, 220)


def test_a_claim_that_was_written_but_not_answered_finds_its_own_name_when_repeated() -> None:
    submission = fresh()
    claimed(submission, "a")
    assert claimed(submission, "a").owner == "a"


def test_a_sent_mail_cannot_be_claimed_again() -> None:
    submission = fresh()
    sent = ledger.mark_sent(claimed(submission), message_id="m-1", at=LATER)
    assert (sent.state, sent.message_id, sent.sent_at, sent.cause) == ("sent", "m-1", LATER, "")
    assert claim(submission, "b", now=10_000) is None
    assert ledger.find(submission, "confirm") == sent


def test_marking_can_be_repeated() -> None:
    entry = claimed(fresh())
    assert ledger.mark_sent(entry, message_id="m-1", at=LATER) == ledger.mark_sent(entry, message_id="m-1", at=LATER)


def test_a_worker_whose_lease_was_taken_over_can_neither_mark_nor_release() -> None:
    submission = fresh()
    slow = claimed(submission, "slow")
    quick = claimed(submission, "quick", now=160)
    with pytest.raises(ConditionFailed):
        ledger.mark_sent(slow, message_id="m-1", at=LATER)
    with pytest.raises(ConditionFailed):
        ledger.release(slow, cause="throttled", count_attempt=False, at=LATER)
    assert ledger.find(submission, "confirm") == quick


def test_a_released_mail_can_be_claimed_at_once_and_says_why_it_was_released() -> None:
    submission = fresh()
    released = ledger.release(claimed(submission), cause="MessageRejected", count_attempt=True, at=LATER)
    assert (released.state, released.cause, released.lease_until, released.attempts) == (
        "owed",
        "MessageRejected",
        0,
        1,
    )
    assert claimed(submission, "b", now=100).attempts == 2


def test_being_asked_to_wait_uses_up_no_attempt() -> None:
    submission = fresh()
    for owner in "abcdefghijklmnop":
        released = ledger.release(claimed(submission, owner), cause="throttled", count_attempt=False, at=LATER)
        assert (released.state, released.attempts) == ("owed", 0)


def test_a_mail_is_given_up_after_the_last_attempt_and_stays_so() -> None:
    submission = fresh()
    states = []
    for owner in range(MOST_ATTEMPTS):
        released = ledger.release(
            claimed(submission, str(owner)), cause="MessageRejected", count_attempt=True, at=LATER
        )
        states.append(released.state)
    assert states == ["owed"] * (MOST_ATTEMPTS - 1) + ["failed"]
    assert claim(submission, "again", now=10_000) is None


def test_the_cause_of_an_earlier_failure_goes_when_the_mail_is_sent() -> None:
    submission = fresh()
    ledger.release(claimed(submission), cause="throttled", count_attempt=False, at=LATER)
    assert ledger.mark_sent(claimed(submission, "b"), message_id="m-1", at=LATER).cause == ""


def test_marking_or_releasing_what_was_never_claimed_makes_no_entry() -> None:
    entry = Entry(fresh(), "confirm", "small-call", "claimed", 1, AT, owner="a")
    with pytest.raises(ConditionFailed):
        ledger.mark_sent(entry, message_id="m-1", at=LATER)
    with pytest.raises(ConditionFailed):
        ledger.release(replace(entry, owner=""), cause="x", count_attempt=True, at=LATER)
    assert ledger.find(entry.submission_id, "confirm") is None


def test_entries_are_found_by_submission_and_in_hundreds() -> None:
    made = {(one, "confirm"): claimed(one) for one in (fresh() for _ in range(120))}
    strangers = [(fresh(), "confirm") for _ in range(5)]
    assert ledger.entries([*made, *strangers, *list(made)[:3]]) == made  # type: ignore[list-item]
    [first, *_] = made
    assert ledger.entries_of(first[0]) == [made[first]]
    assert ledger.entries_of(strangers[0][0]) == []
    assert ledger.entries([]) == {}


def test_a_mail_that_is_released_until_later_cannot_be_claimed_before() -> None:
    submission = fresh()
    released = ledger.release(claimed(submission), cause="x", count_attempt=True, at=LATER, until=400)
    assert (released.state, released.lease_until) == ("owed", 400)
    assert claim(submission, "b", now=399) is None
    assert claimed(submission, "b", now=400).attempts == 2


def test_a_claim_that_may_have_been_sent_is_kept() -> None:
    submission = fresh()
    kept = ledger.keep(claimed(submission), cause="no-answer", at=LATER, until=500)
    assert (kept.state, kept.cause, kept.attempts) == ("claimed", "no-answer", 1)
    assert claim(submission, "b", now=499) is None
    assert claimed(submission, "b", now=500).attempts == 2


@pytest.mark.parametrize("state", ["held", "suppressed"])
def test_a_mail_that_is_put_aside_uses_up_no_attempt_and_is_not_claimed(state: MailState) -> None:
    submission = fresh()
    aside = ledger.put_aside(claimed(submission), state, cause="address-cap", at=LATER)
    assert (aside.state, aside.cause, aside.attempts) == (state, "address-cap", 0)
    assert claim(submission, "b", now=10_000) is None


def test_a_mail_is_noted_only_where_the_ledger_does_not_know_it() -> None:
    submission = fresh()
    noted = ledger.note("small-call", submission, "confirm", "held", cause="prepared", at=AT, address="d1")
    assert noted is not None
    assert (noted.state, noted.attempts, noted.address) == ("held", 0, "d1")
    assert ledger.note("small-call", submission, "confirm", "owed", cause="x", at=AT) is None
    assert ledger.find(submission, "confirm") == noted


def test_what_an_organiser_sends_again_begins_another_round_and_only_once() -> None:
    submission = fresh()
    held = ledger.put_aside(claimed(submission), "held", cause="address-cap", at=AT)
    again = ledger.send_again(held, at=LATER)
    assert (again.state, again.round, again.allowed, again.cause, again.owner) == ("owed", 2, True, "", "")
    with pytest.raises(ConditionFailed):
        ledger.send_again(held, at=LATER)
    with pytest.raises(ConditionFailed):
        ledger.send_again(again, at=LATER)
    assert claimed(submission, "b").attempts == 1


@pytest.mark.parametrize("kind", ["send", "delivery"])
def test_what_ses_told_before_the_mark_is_not_taken_back_by_it_nor_by_a_release(kind: Happened) -> None:
    submission = fresh()
    entry = claimed(submission)
    told = ledger.put_events(entry, after(entry, Event(kind, LATER), message_id="m-1", at=LATER))
    assert told.state == ("sent" if kind == "send" else "delivered")
    with pytest.raises(ConditionFailed):
        ledger.release(entry, cause="throttled", count_attempt=False, at=LATER)
    if kind == "send":
        assert ledger.mark_sent(entry, message_id="m-1", at=LATER).state == "sent"
    else:
        with pytest.raises(ConditionFailed):
            ledger.mark_sent(entry, message_id="m-1", at=LATER)
        assert ledger.find(submission, "confirm") == told
    assert claim(submission, "b", now=10_000) is None


def test_of_two_who_store_events_at_once_one_looks_again() -> None:
    entry = ledger.mark_sent(claimed(fresh()), message_id="m-1", at=LATER)
    delivered = after(entry, Event("delivery", LATER), message_id="m-1", at=LATER)
    complained = after(entry, Event("complaint", LATER, "abuse"), message_id="m-1", at=LATER)
    assert ledger.put_events(entry, delivered) == delivered
    with pytest.raises(ConditionFailed):
        ledger.put_events(entry, complained)
    both = after(delivered, Event("complaint", LATER, "abuse"), message_id="m-1", at=LATER)
    assert ledger.put_events(delivered, both) == both
    assert (both.state, both.cause) == ("complained", "abuse")


def test_a_calls_mails_are_listed_by_state_and_counted_up_to_a_number() -> None:
    call = f"call-{fresh().lower()}"
    submissions = [fresh() for _ in range(5)]
    for minute, submission in enumerate(submissions):
        claim(submission, call=call, at=f"2026-05-04T12:0{minute}:00.000Z")
    newest = ledger.listed(call, "claimed", most=2)
    assert [one[0] for one in newest] == [submissions[4], submissions[3]]
    assert [one[0] for one in ledger.listed(call, "claimed", most=9, start=newest[-1])] == submissions[2::-1]
    assert [one[0] for one in ledger.listed(call, "claimed", most=2, oldest_first=True)] == submissions[:2]
    assert (ledger.count(call, "claimed", most=100), ledger.count(call, "claimed", most=3)) == (5, 3)
    assert ledger.listed(call, "sent", most=2) == []


def test_the_last_change_is_the_newest_of_the_calls_mails_in_a_state() -> None:
    call = f"call-{fresh().lower()}"
    for minute in (3, 9, 6):
        claim(fresh(), call=call, at=f"2026-05-04T12:0{minute}:00.000Z")
    assert ledger.last_change(call, "claimed") == "2026-05-04T12:09:00.000Z"
    assert ledger.last_change(call, "sent") is None


@pytest.mark.parametrize("error", [throttled(), timed_out()], ids=["throttled", "timed out"])
def test_throttling_and_broken_connections_are_told_as_unavailable(border: Border, error: Exception) -> None:
    submission = fresh()
    entry = claimed(submission)
    border.fail("*", error, times=10)
    for action in (
        lambda: claim(submission, "b", now=1_000),
        lambda: ledger.mark_sent(entry, message_id="m", at=LATER),
        lambda: ledger.release(entry, cause="x", count_attempt=True, at=LATER),
        lambda: ledger.find(submission, "confirm"),
        lambda: ledger.entries([(submission, "confirm")]),
        lambda: ledger.entries_of(submission),
        lambda: ledger.last_change("small-call", "sent"),
    ):
        with pytest.raises(Unavailable):
            action()
