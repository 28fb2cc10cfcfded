"""The tables in memory answer as those do that everything else is tested with."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.announcements import table as announcements
from chalicelib.ledger import table as ledger
from chalicelib.ledger.entry import Entry
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import ConditionFailed
from chalicelib.submissions import table as submissions
from tests.aws import Border, watched
from tests.builders import call_of, published, submission_of
from tests.fast import FastTables

AT = "2026-05-04T12:00:00.000Z"


def outcome(step: Any) -> Any:
    try:
        return step()
    except ConditionFailed:
        return "condition failed"


def mails(call: str) -> Iterator[Any]:
    """A mail's way, with those who come too late."""

    def claim(owner: str, now: int) -> Entry | None:
        return ledger.claim(call, f"{call}-id", "confirm", owner=owner, now=now, lease=60, at=AT, address="d")

    first = claim("one", 1000)
    yield first
    yield claim("two", 1000)
    yield claim("one", 1000)
    second = claim("two", 1061)
    yield second
    assert first is not None
    assert second is not None
    yield outcome(lambda: ledger.mark_sent(first, message_id="m", at=AT))
    yield outcome(lambda: ledger.release(second, cause="throttled", count_attempt=False, at=AT))
    yield outcome(lambda: ledger.release(second, cause="throttled", count_attempt=False, at=AT))
    third = claim("three", 1062)
    assert third is not None
    yield outcome(lambda: ledger.mark_sent(third, message_id="m", at=AT))
    yield claim("four", 9999)
    yield ledger.note(call, f"{call}-id", "confirm", "held", cause="prepared", at=AT)
    yield ledger.note(call, f"{call}-id", "receipt", "owed", cause="undoable", at=AT, until=77)
    yield ledger.entries([(f"{call}-id", "confirm"), (f"{call}-id", "receipt"), (f"{call}-id", "links")])
    ledger.drop(f"{call}-id", "confirm", now=99999)
    ledger.drop(f"{call}-id", "receipt", now=0)
    yield ledger.entries_of(f"{call}-id")


def subscribers(call: str) -> Iterator[Any]:
    def take(submission: str) -> bool:
        return announcements.take(call, "d1", "a.1", submission, at=AT, expires_at=4_000_000_000)

    yield [take("ONE"), take("ONE"), take("TWO")]
    announcements.unsubscribe(call, "d1", at=AT)
    yield announcements.standing(call, "d1", "a.1")
    announcements.forget(call, "d1", "ONE")
    yield announcements.standing(call, "d1", "a.1")


def reports(call: str) -> Iterator[Any]:
    # A call of its own: other tests count those of the small one.
    asked = published(call_of(name=call))
    known = [submission_of(asked, number) for number in range(1, 6)]
    for one in [one for one in known if one.shard == known[0].shard]:
        submissions.create(one)
        yield submissions.find(call, one.id, 2)
        yield submissions.existing(call, [one.id, "NONE"], 2)
        yield [[each.id for each in page] for page in submissions.pages(call, one.shard)]
        yield [[each.id for each in page] for page in submissions.pages(call, one.shard, one.id)]
        yield outcome(lambda one=one: submissions.create(one))


@pytest.mark.parametrize("story", [mails, subscribers, reports])
def test_every_step_gives_the_same(story: Any) -> None:
    name = story.__name__
    usual = list(story(f"fast-{name}"))
    keys = {
        settings().mails_table: ("submission_id", "kind"),
        settings().subscribers_table: ("address", "announcement"),
        settings().submissions_table: ("call_shard", "id"),
    }
    with watched() as border:
        border.aws = FastTables(keys, Border().aws)
        fast = list(story(f"fast-{name}"))
    assert len(usual) > 2
    assert fast == usual


def test_what_they_cannot_read_is_an_error() -> None:
    with watched() as border:
        border.aws = FastTables({settings().mails_table: ("submission_id", "kind")}, Border().aws)
        with pytest.raises(AttributeError):
            ledger.MailRecord.describe_table()
