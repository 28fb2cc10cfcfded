"""Announcements, and whom they go to: each address once, whoever writes at the same time; nothing after an erasure."""

from itertools import count

import pytest
from msgspec.structs import replace

from chalicelib.announcements import table
from chalicelib.announcements.announcement import Announcement, Audience, Progress, Text
from chalicelib.errors import Unavailable
from chalicelib.mail.table import suppress, suppressed
from chalicelib.runtime.table import ConditionFailed
from tests.aws import Border, throttled, timed_out

AT = "2026-05-04T12:00:00.000Z"
LATER = "2026-05-04T13:00:00.000Z"
SOON = 4_000_000_000
_numbers = count(1)


def fresh() -> str:
    return f"call-{next(_numbers)}"


def draft(call: str, name: str = "a1", at: str = AT) -> Announcement:
    return Announcement(
        call=call, id=name, state="draft", texts={"de": Text("Grüße", "Zeile\n\nZeile")}, created_by="Eva",
        audience=Audience(states=("accepted",), answers={"themes": ("green",)}), with_event=True, created_at=at,
        changed_at=at,
    )  # fmt: skip


def take(call: str, address: str, submission: str, reservation: str = "a1.1") -> bool:
    return table.take(call, address, reservation, submission, at=AT, expires_at=SOON)


def test_it_comes_back_as_it_was_stored_and_is_created_once() -> None:
    one = draft(fresh())
    assert table.create(one)
    assert not table.create(replace(one, state="sent"))
    assert table.find(one.call, one.id) == one
    assert table.find(one.call, "other") is None


def test_they_are_listed_newest_first_and_by_call() -> None:
    call = fresh()
    for name, at in (("a1", AT), ("a2", LATER)):
        table.create(draft(call, name, at))
    assert [one.id for one in table.announcements_of(call)] == ["a2", "a1"]
    assert table.announcements_of(fresh()) == []


def test_of_two_who_change_it_at_once_one_is_told(border: Border) -> None:
    one = draft(fresh())
    table.create(one)
    new = table.put_change(one, replace(one, count=3, progress=Progress(walk=2, counts={"sent": 1})))
    assert table.find(one.call, one.id) == new
    assert new.version == 2
    with pytest.raises(ConditionFailed):
        table.put_change(one, replace(one, state="cancelled"))
    # The SDK repeats a write whose answer was lost, and meets itself.
    border.fail("PutItem", timed_out(), after=True)
    with pytest.raises(Unavailable):
        table.put_change(new, replace(new, state="sending"))
    assert table.put_change(new, replace(new, state="sending")).version == 3


def test_an_address_is_held_by_one_report_in_each_counting() -> None:
    call = fresh()
    assert take(call, "d1", "FIRST")
    assert take(call, "d1", "FIRST"), "safe to repeat"
    assert not take(call, "d1", "SECOND")
    assert take(call, "d1", "SECOND", "a1.2"), "each counting begins anew"
    assert take(call, "d2", "SECOND")
    assert table.holders(call, ["d1", "d2", "d3", "d1"], "a1.1") == {"d1": "FIRST", "d2": "SECOND"}
    assert table.holders(fresh(), ["d1"], "a1.1") == {}
    assert table.holders(call, [], "a1.1") == {}


def test_who_unsubscribed_stays_so_for_the_call() -> None:
    call = fresh()
    take(call, "d1", "FIRST")
    for _ in range(2):
        table.unsubscribe(call, "d1", at=AT)
    assert table.unsubscribed(call, ["d1", "d2"]) == {"d1"}
    assert table.unsubscribed(fresh(), ["d1"]) == set()
    assert table.standing(call, "d1", "a1.1") == (True, "FIRST")
    assert table.standing(call, "d2", "a1.1") == (False, None)


def test_more_addresses_than_one_request_takes() -> None:
    call = fresh()
    addresses = [f"d{number}" for number in range(230)]
    for one in addresses[:3]:
        take(call, one, "FIRST")
        table.unsubscribe(call, one, at=AT)
        suppress(f"{call}{one}", "bounce", at=AT)
    assert table.holders(call, addresses[::-1], "a1.1").keys() == set(addresses[:3])
    assert table.unsubscribed(call, addresses) == set(addresses[:3])
    assert suppressed([f"{call}{one}" for one in addresses]) == {f"{call}{one}" for one in addresses[:3]}


def test_an_erasure_takes_what_is_about_the_report_and_leaves_what_was_asked_for() -> None:
    call = fresh()
    for reservation in ("a1.1", "a2.1"):
        take(call, "d1", "FIRST", reservation)
    take(call, "d1", "SECOND", "a3.1")
    table.unsubscribe(call, "d1", at=AT)
    for _ in range(2):
        table.forget(call, "d1", "FIRST")
    assert table.standing(call, "d1", "a1.1") == (True, None)
    assert table.standing(call, "d1", "a2.1") == (True, None)
    assert table.standing(call, "d1", "a3.1") == (True, "SECOND")


def test_a_table_that_is_busy_is_said_to_be(border: Border) -> None:
    border.fail("*", throttled(), times=99)
    for step in (
        lambda: table.announcements_of("any"),
        lambda: table.unsubscribed("any", ["d1"]),
        lambda: take("any", "d1", "FIRST"),
        lambda: table.forget("any", "d1", "FIRST"),
    ):
        with pytest.raises(Unavailable):
            step()
