"""What became of a mail follows from the set of SES's events, not from their order."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.ledger.entry import Entry, MailState
from chalicelib.ledger.fate import Event, Happened, after, verdict

AT = "2026-05-04T12:00:00.000Z"
CLAIMED = Entry("K7Q49XMD2RTB", "confirm", "small-call", "claimed", 1, AT, owner="a")
KINDS: tuple[Happened, ...] = (
    "send", "delay", "delivery", "bounce", "transient-bounce", "complaint", "reject", "rendering-failure",
)  # fmt: skip

EVENTS = st.builds(
    Event,
    kind=st.sampled_from(KINDS),
    at=st.integers(0, 59).map(lambda second: f"2026-05-04T12:00:{second:02}.000Z"),
    cause=st.sampled_from(["", "General", "NoEmail", "MailboxFull"]),
)


def told(*events: Event, entry: Entry = CLAIMED) -> Entry:
    for event in events:
        entry = after(entry, event, message_id="m-1", at="2026-05-05T00:00:00.000Z")
    return entry


def state_of(*kinds: Happened) -> MailState:
    return told(*(Event(kind, AT) for kind in kinds)).state


@given(st.lists(EVENTS, min_size=1, max_size=6), st.data())
def test_events_that_come_twice_late_or_in_another_order_lead_to_the_same_entry(
    events: list[Event], data: st.DataObject
) -> None:
    again = data.draw(st.permutations([*events, *data.draw(st.lists(st.sampled_from(events), max_size=4))]))
    assert told(*again) == told(*events)


@given(st.lists(EVENTS, min_size=1, max_size=5, unique_by=lambda event: event.kind))
def test_all_orders_of_a_few_events_agree(events: list[Event]) -> None:
    [found] = {(one.state, one.cause, one.sent_at) for one in (told(*order) for order in permutations(events))}
    assert found[0] == (verdict(told(*events).events) or ("", ""))[0]


@given(st.lists(EVENTS, min_size=1, max_size=6))
def test_the_workers_own_mark_before_or_after_them_changes_no_state(events: list[Event]) -> None:
    marked = replace(CLAIMED, state="sent", message_id="m-1")
    assert told(*events, entry=marked).state == told(*events).state


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        (("send",), "sent"),
        (("send", "delay"), "sent"),
        (("send", "delivery"), "delivered"),
        (("delivery", "transient-bounce"), "delivered"),
        (("send", "transient-bounce"), "bounced"),
        (("delivery", "bounce"), "bounced"),
        (("delivery", "complaint"), "complained"),
        (("bounce", "complaint"), "complained"),
        (("send", "reject"), "failed"),
        (("rendering-failure",), "failed"),
    ],
)
def test_what_events_mean(kinds: tuple[Happened, ...], state: MailState) -> None:
    assert state_of(*kinds) == state


def test_an_event_says_which_message_it_was_when_the_mark_was_lost() -> None:
    healed = told(Event("send", AT))
    assert (healed.state, healed.message_id, healed.sent_at) == ("sent", "m-1", AT)


def test_an_event_that_is_known_changes_nothing() -> None:
    once = told(Event("delivery", AT))
    assert after(once, Event("delivery", AT), message_id="m-1", at="2027-01-01T00:00:00.000Z") is once


@pytest.mark.parametrize("state", ["held", "suppressed"])
def test_an_event_of_an_earlier_round_does_not_move_what_is_put_aside(state: MailState) -> None:
    aside = replace(CLAIMED, state=state)
    assert told(Event("delivery", AT), entry=aside) is aside


def test_a_mail_that_was_given_up_and_went_out_after_all_is_sent() -> None:
    assert told(Event("send", AT), entry=replace(CLAIMED, state="failed", cause="attempts-used-up")).state == "sent"
