"""Tokens and the audit trail in their tables."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.access.roles import Person
from chalicelib.access.table import AccessRecord, audit_of, put_audit
from chalicelib.access.tokens import PREFIX, issue_token, read_token
from chalicelib.errors import Unavailable
from chalicelib.runtime.table import ConditionFailed
from tests.aws import Border, throttled
from tests.builders import NOON, later

EVA = Person(name="Eva", role="moderator", calls=("small-call",))


def stored_items() -> list[dict[str, Any]]:
    return [dict(record.serialize()) for record in AccessRecord.scan(consistent_read=True)]


def test_a_token_names_its_person_until_it_expires() -> None:
    token = issue_token(EVA, now=NOON, lifetime=timedelta(days=1))
    for moment in (NOON, later(days=1, seconds=-1)):
        known = read_token(token, moment)
        assert known is not None
        assert known.person == EVA
    assert read_token(token, later(days=1)) is None


@pytest.mark.parametrize(
    "change",
    [lambda t: t[:-1], lambda t: t + "x", lambda t: t.upper(), lambda t: t.removeprefix(PREFIX), lambda t: f" {t}"],
    ids=range(5),
)
def test_nothing_but_the_whole_token_is_good(change: Any) -> None:
    assert read_token(change(issue_token(EVA, now=NOON)), NOON) is None


@pytest.mark.parametrize("token", ["", PREFIX, PREFIX + "x" * 5000, "ü", PREFIX + "ü"], ids=range(5))
def test_what_nobody_issued_is_nobodys(token: str) -> None:
    assert read_token(token, NOON) is None


def test_a_token_is_not_stored_only_its_digest() -> None:
    token = issue_token(EVA, now=NOON)
    assert len(token) > 40
    assert token.removeprefix(PREFIX) not in str(stored_items())


def test_a_digest_is_no_token() -> None:
    issue_token(EVA, now=NOON)
    for item in stored_items():
        key = item["key"]["S"]
        assert read_token(key, NOON) is None
        assert read_token(PREFIX + key.removeprefix("token#"), NOON) is None


def test_the_end_of_a_token_is_stored_in_whole_epoch_seconds_as_dynamodb_expires_items() -> None:
    issue_token(Person("end", "owner", ()), now=NOON, lifetime=timedelta(seconds=90))
    [item] = [one for one in stored_items() if '"end"' in one["person"]["S"]]
    assert item["expires_at"] == {"N": str(int(NOON.timestamp()) + 90)}


def test_the_audit_trail_is_read_oldest_first() -> None:
    for minute in (2, 1, 3):
        put_audit(subject="call#a", at=f"2026-05-04T12:0{minute}:00.000Z#x", who="Eva", event="e", detail=str(minute))
    put_audit(subject="call#b", at="2026-05-04T12:00:00.000Z#x", who="Eva", event="e", detail=None)
    assert [line[3] for line in audit_of("call#a")] == ["1", "2", "3"]
    assert audit_of("call#b") == [("2026-05-04T12:00:00.000Z#x", "Eva", "e", None)]


def test_a_line_of_the_audit_trail_cannot_be_written_over() -> None:
    put_audit(subject="call#c", at="2026-05-04T12:00:00.000Z#x", who="Eva", event="e", detail=None)
    with pytest.raises(ConditionFailed):
        put_audit(subject="call#c", at="2026-05-04T12:00:00.000Z#x", who="Mallory", event="e", detail=None)
    assert audit_of("call#c")[0][1] == "Eva"


def test_throttling_is_told_as_unavailable(border: Border) -> None:
    border.fail("*", throttled(), times=10)
    for action in (
        lambda: issue_token(EVA, now=NOON),
        lambda: read_token(PREFIX + "x", NOON),
        lambda: put_audit(subject="call#d", at="x", who="Eva", event="e", detail=None),
        lambda: audit_of("call#d"),
    ):
        with pytest.raises(Unavailable):
            action()
