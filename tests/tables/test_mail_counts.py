"""Counters, the switch they throw, caps and the suppression list: right also when many write at once."""

from itertools import count

import pytest

from chalicelib.errors import Unavailable
from chalicelib.mail import table
from chalicelib.mail.breaker import Counts, Switch
from tests.aws import Border, throttled

AT = "2026-05-04T12:00:00.000Z"
LATER = "2026-05-04T13:00:00.000Z"
SOON = 4_000_000_000
_numbers = count(1)


def fresh() -> str:
    return f"counter#{next(_numbers)}"


def test_events_add_up_over_the_counters_of_a_window() -> None:
    first, second = fresh(), fresh()
    for name, what in ((first, "sent"), (first, "sent"), (second, "sent"), (second, "bounced"), (first, "complained")):
        table.count_event(name, what, expires_at=SOON)  # type: ignore[arg-type]
    assert table.counts([first, second, fresh()]) == Counts(sent=3, bounced=1, complained=1)
    assert table.counts([fresh()]) == Counts()


def test_the_switch_is_thrown_once_put_back_once_and_counts_how_often() -> None:
    on = table.switch()
    assert not on.stopped
    assert table.stop(on, cause="bounces", at=AT)
    assert not table.stop(on, cause="complaints", at=LATER), "somebody else was faster"
    off = table.switch()
    assert (off.stopped_at, off.cause, off.generation) == (AT, "bounces", on.generation)
    assert table.resume(off)
    assert not table.resume(off)
    assert table.switch() == Switch(generation=on.generation + 1)
    assert not table.stop(on, cause="bounces", at=LATER), "what was counted before is past"


def test_a_cap_lets_so_many_different_mails_pass_and_each_once() -> None:
    cap = fresh()
    assert [table.let_pass(cap, f"mail-{number}", most=3, expires_at=SOON) for number in (1, 2, 1, 3, 4, 2)] == [
        "first", "first", "again", "first", None, "again",
    ]  # fmt: skip


def test_a_count_ends_at_its_most() -> None:
    cap = fresh()
    assert [table.count_up(cap, most=2, expires_at=SOON) for _ in range(4)] == [True, True, False, False]


def test_an_address_stays_suppressed_and_a_complaint_outweighs_a_bounce() -> None:
    address = fresh()
    assert table.suppression(address) is None
    table.suppress(address, "bounce", at=AT)
    assert table.suppression(address) == "bounce"
    table.suppress(address, "complaint", at=LATER)
    table.suppress(address, "bounce", at=LATER)
    assert table.suppression(address) == "complaint"


def test_throttling_is_told_as_unavailable(border: Border) -> None:
    border.fail("*", throttled(), times=20)
    for action in (
        lambda: table.count_event(fresh(), "sent", expires_at=SOON),
        lambda: table.counts([fresh()]),
        table.switch,
        lambda: table.stop(Switch(), cause="bounces", at=AT),
        lambda: table.let_pass(fresh(), "m", most=1, expires_at=SOON),
        lambda: table.count_up(fresh(), most=1, expires_at=SOON),
        lambda: table.suppress(fresh(), "bounce", at=AT),
        lambda: table.suppression(fresh()),
    ):
        with pytest.raises(Unavailable):
            action()
