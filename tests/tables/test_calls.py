"""Published calls: versions, the archive, and the short memory of them."""

from itertools import count

import pytest
from msgspec.structs import replace

from chalicelib.calls.call import Call
from chalicelib.calls.table import ConditionFailed, forget_calls, get_call, list_calls, put_call, read_call
from chalicelib.errors import NotFound, Unavailable
from tests.aws import Border, throttled
from tests.builders import call_of, kosi, texts

AT = "2026-05-04T12:00:00.000Z"
_numbers = count()


def fresh_call() -> Call:
    return call_of(name=f"call-{next(_numbers)}")


def test_a_published_call_is_read_as_it_was_written() -> None:
    for call in (fresh_call(), replace(kosi(), call=f"kosi-{next(_numbers)}")):
        published = put_call(call, after=None, published_at=AT)
        assert (published.version, published.published_at) == (1, AT)
        assert read_call(call.call) == published
        assert get_call(call.call) == published


def test_publishing_again_makes_the_next_version_and_shows_at_once() -> None:
    call = fresh_call()
    first = put_call(call, after=None, published_at=AT)
    get_call(call.call)
    second = put_call(replace(call, title=texts("Second")), after=first, published_at=AT)
    assert second.version == 2
    assert get_call(call.call) == second


def test_every_version_that_was_replaced_is_kept_as_it_was() -> None:
    from chalicelib.calls.table import CallRecord

    call = fresh_call()
    first = put_call(call, after=None, published_at=AT)
    second = put_call(replace(call, title=texts("Second")), after=first, published_at=AT)
    put_call(replace(call, title=texts("Third")), after=second, published_at=AT)
    kept = [CallRecord.get(f"{call.call}@{version}").definition for version in (1, 2)]
    assert ["A small call" in kept[0], "Second" in kept[1]] == [True, True]


def test_of_two_who_publish_at_once_one_is_told_and_leaves_no_trace() -> None:
    from chalicelib.calls.table import CallRecord

    call = fresh_call()
    first = put_call(call, after=None, published_at=AT)
    winner = put_call(replace(call, title=texts("Winner")), after=first, published_at=AT)
    with pytest.raises(ConditionFailed):
        put_call(replace(call, title=texts("Loser")), after=first, published_at=AT)
    with pytest.raises(ConditionFailed):
        put_call(call, after=None, published_at=AT)
    assert read_call(call.call) == winner
    third = put_call(replace(call, title=texts("Third")), after=winner, published_at=AT)
    assert third.version == 3
    assert "Winner" in CallRecord.get(f"{call.call}@2").definition


def test_the_list_holds_each_call_once_by_name() -> None:
    call = fresh_call()
    first = put_call(call, after=None, published_at=AT)
    second = put_call(replace(call, title=texts("Second")), after=first, published_at=AT)
    listed = list_calls()
    assert second in listed
    names = [one.call.call for one in listed]
    assert names == sorted(set(names))


@pytest.mark.parametrize("name", ["no-such-call", "call-0@1", "@", "x" * 3000, "ü", " "], ids=range(6))
def test_what_was_not_published_is_not_found(name: str) -> None:
    assert read_call(name) is None
    with pytest.raises(NotFound):
        get_call(name)


def test_a_name_too_long_for_a_key_is_not_even_looked_up(border: Border) -> None:
    assert read_call("x" * 3000) is None
    assert border.operations == []


def test_an_archived_version_is_not_a_call() -> None:
    call = fresh_call()
    put_call(replace(call, title=texts("Second")), after=put_call(call, after=None, published_at=AT), published_at=AT)
    assert read_call(f"{call.call}@1") is None


def test_a_call_is_remembered_for_a_minute(border: Border) -> None:
    call = fresh_call()
    put_call(call, after=None, published_at=AT)
    border.forget()
    for clock in (1000.0, 1059.9, 1060.1, 1119.0):
        get_call(call.call, clock=clock)
    assert border.operations == ["GetItem", "GetItem"]


def test_what_is_not_there_is_not_remembered() -> None:
    call = fresh_call()
    with pytest.raises(NotFound):
        get_call(call.call)
    put_call(call, after=None, published_at=AT)
    assert get_call(call.call).version == 1


def test_a_call_in_memory_does_not_need_the_table(border: Border) -> None:
    call = fresh_call()
    put_call(call, after=None, published_at=AT)
    get_call(call.call)
    border.fail("*", throttled(), times=10)
    assert get_call(call.call).version == 1
    forget_calls()
    for action in (lambda: get_call(call.call), list_calls):
        with pytest.raises(Unavailable):
            action()
