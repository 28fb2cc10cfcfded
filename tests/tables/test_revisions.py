"""Changes and burials in the tables: all or nothing, and only of what was read."""

from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.errors import Unavailable
from chalicelib.ledger import table as ledger
from chalicelib.revisions import table as revisions
from chalicelib.revisions.revision import revision_of
from chalicelib.runtime.aws import dynamodb
from chalicelib.runtime.table import ConditionFailed, _connection
from chalicelib.submissions import table
from chalicelib.submissions.changes import changed, erased, withdrawn
from chalicelib.submissions.submission import Submission
from tests.aws import Border, refused, throttled, timed_out
from tests.builders import answers, call_of, published, submission_of

_numbers = count(500_000)
_names = count()


def at(minute: int) -> str:
    return f"2026-05-05T08:{minute:02d}:00.000Z"


def stored(**changes: Any) -> Submission:
    """A submission of a call and with a reference that no other test has used."""
    call = published(call_of(name=f"revised-{next(_names)}"))
    submission = replace(submission_of(call, next(_numbers)), **changes)
    table.create(submission)
    return submission


def other(submission: Submission, name: str = "Andere Höfe", minute: int = 1) -> Submission:
    return changed(submission, published(), answers(name=name), language="de", at=at(minute))


def find(submission: Submission) -> Submission | None:
    return table.find(submission.call, submission.id, 2)


def claim(submission: Submission, kind: str = "confirm", address: str = "") -> None:
    assert ledger.claim(submission.call, submission.id, kind, owner="a", now=1, lease=60, at=at(0), address=address)


def raw_item(submission: Submission) -> dict[str, Any]:
    key = (f"{submission.call}#{submission.shard:02d}", submission.id)
    return dict(table.SubmissionRecord._get_connection().get_item(*key, consistent_read=True)["Item"])


def test_a_change_is_stored_and_what_it_replaced_is_kept() -> None:
    before = stored()
    after = other(before)
    revisions.put_change(before, after)
    assert find(before) == after
    assert revisions.revisions_of(before.id) == [revision_of(before, after.changed_at)]


def test_all_that_was_replaced_is_kept_oldest_first() -> None:
    before = stored()
    second, third = other(before, "B", 1), other(other(before, "B", 1), "C", 2)
    revisions.put_change(before, second)
    revisions.put_change(second, third)
    assert [one.read_answers()["name"] for one in revisions.revisions_of(before.id)] == ["Grüne Höfe", "B"]
    assert find(before) == third


def test_what_a_change_empties_is_not_stored_as_empty() -> None:
    before = stored(state="duplicate", duplicate_of="K7Q49XMD2RTB", decided_at=at(0), published="{}", expires_at=None)
    revisions.put_change(before, other(before))
    item = raw_item(before)
    assert not {"duplicate_of", "decided_at"} & item.keys()
    assert item["call_state"] == {"S": f"{before.call}#confirmed#{before.shard:02d}"}
    assert item["published"] == {"S": "{}"}


def test_of_two_changes_of_the_same_version_one_is_told_and_leaves_no_trace() -> None:
    before = stored()
    winner, loser = other(before, "Winner", 1), other(before, "Loser", 2)
    revisions.put_change(before, winner)
    with pytest.raises(ConditionFailed):
        revisions.put_change(before, loser)
    assert find(before) == winner
    assert len(revisions.revisions_of(before.id)) == 1


def test_a_change_of_what_was_decided_meanwhile_is_told() -> None:
    before = stored()
    table.put_change(before, replace(before, state="accepted"))  # the version stays, as it must not
    with pytest.raises(ConditionFailed):
        revisions.put_change(before, other(before))
    assert revisions.revisions_of(before.id) == []


def test_what_is_not_there_is_not_made_by_changing_it() -> None:
    nowhere = submission_of(published(call_of(name="nowhere")), next(_numbers))
    for write in (revisions.put_change, table.put_change, revisions.bury):
        with pytest.raises(ConditionFailed):
            write(nowhere, other(nowhere))
    assert find(nowhere) is None
    assert revisions.revisions_of(nowhere.id) == []


def test_what_is_withdrawn_is_found_withdrawn_and_not_published() -> None:
    before = stored(state="accepted", published="{}", expires_at=None)
    after = withdrawn(before, at(1))
    table.put_change(before, after)
    assert find(before) == after
    assert "published" not in raw_item(before)
    assert [one.id for page in table.changed_since(before.call, "withdrawn", before.shard, at(0)) for one in page] == [
        before.id
    ]


def test_a_tombstone_is_found_and_holds_nothing_but_keys_state_and_times() -> None:
    before = stored()
    tombstone = erased(before, at(1))
    revisions.bury(before, tombstone)
    assert find(before) == tombstone
    assert raw_item(before).keys() == {
        "call_shard", "id", "call", "call_state", "state", "shard", "submitted_at", "changed_at", "version",
        "generation",
    }  # fmt: skip


def test_revisions_and_mails_are_buried_with_their_submission_and_nobody_elses() -> None:
    before, neighbour = stored(), stored()
    after = other(before)
    revisions.put_change(before, after)
    revisions.put_change(neighbour, other(neighbour))
    for one in (before, neighbour):
        claim(one)
        claim(one, "links-2026050508", address="ab" * 32)
    revisions.bury(after, erased(after, at(2)))
    assert revisions.revisions_of(before.id) == []
    assert ledger.entries_of(before.id) == []
    assert len(revisions.revisions_of(neighbour.id)) == 1
    assert len(ledger.entries_of(neighbour.id)) == 2


def test_more_revisions_and_mails_than_fit_into_one_request_are_buried_too() -> None:
    before = stored()
    for minute in range(60):
        after = other(before, f"No. {minute}", minute)
        revisions.put_change(before, after)
        before = after
    claim(before)
    for hour in range(110):
        claim(before, f"links-{hour:010d}")
    revisions.bury(before, erased(before, at(59)))
    assert revisions.revisions_of(before.id) == []
    assert ledger.entries_of(before.id) == []


def test_what_was_changed_meanwhile_is_not_buried_and_loses_no_mail() -> None:
    before = stored()
    claim(before)
    revisions.put_change(before, other(before))
    with pytest.raises(ConditionFailed):
        revisions.bury(before, erased(before, at(2)))
    found = find(before)
    assert found is not None
    assert found.state == "received"
    assert len(ledger.entries_of(before.id)) == 1


def test_a_mail_that_was_claimed_during_the_burial_is_swept() -> None:
    before = stored()
    revisions.bury(before, erased(before, at(1)))
    claim(before)
    revisions.sweep(before.id)
    assert ledger.entries_of(before.id) == []
    revisions.sweep(before.id)


def test_an_address_leads_to_the_submissions_of_its_mails_newest_first() -> None:
    one, two, stranger = stored(), stored(), stored()
    call, digest = one.call, f"{next(_numbers):064x}"
    for submission, kind, minute in ((one, "confirm", 1), (two, "confirm", 2), (one, "links-2026050508", 3)):
        ledger.claim(call, submission.id, kind, owner="a", now=1, lease=9, at=at(minute), address=digest)
    ledger.claim(call, stranger.id, "confirm", owner="a", now=1, lease=9, at=at(9), address="0" * 64)
    ledger.claim("another-call", stranger.id, "confirm", owner="b", now=99, lease=9, at=at(9), address=digest)
    assert ledger.submissions_of(call, digest, most=10) == [one.id, two.id]
    assert ledger.submissions_of(call, digest, most=2) == [one.id, two.id]
    assert ledger.submissions_of(call, digest, most=1) == [one.id]
    assert ledger.submissions_of(call, "1" * 64, most=10) == []


def test_an_entry_tells_the_digest_of_its_address_without_the_call() -> None:
    submission = stored()
    claim(submission, address="ab" * 32)
    found = ledger.find(submission.id, "confirm")
    assert found is not None
    assert found.address == "ab" * 32


def test_what_is_forgotten_is_gone_and_may_be_forgotten_again() -> None:
    submission = stored()
    claim(submission)
    ledger.forget(submission.id, "confirm")
    ledger.forget(submission.id, "confirm")
    assert ledger.entries_of(submission.id) == []


def test_a_transaction_has_the_time_outs_of_the_tables() -> None:
    assert _connection().client is dynamodb()


@pytest.mark.parametrize(
    "error",
    [throttled(), timed_out(), refused("TransactionConflictException"), refused("InternalServerError", 500)],
    ids=str,
)
def test_throttling_and_broken_connections_are_told_as_unavailable(border: Border, error: Exception) -> None:
    before = stored()
    after = other(before)
    border.fail("*", error, times=10)
    for action in (
        lambda: revisions.put_change(before, after),
        lambda: table.put_change(before, after),
        lambda: revisions.bury(before, erased(before, at(2))),
        lambda: revisions.sweep(before.id),
        lambda: revisions.revisions_of(before.id),
        lambda: ledger.submissions_of(before.call, "a", most=1),
        lambda: ledger.forget(before.id, "confirm"),
    ):
        with pytest.raises(Unavailable):
            action()


@pytest.mark.parametrize("reply_lost", [False, True])
def test_a_change_that_was_cut_short_is_there_wholly_or_not_at_all(border: Border, reply_lost: bool) -> None:
    before = stored()
    border.fail("TransactWriteItems", timed_out(), after=reply_lost)
    with pytest.raises(Unavailable):
        revisions.put_change(before, other(before))
    found = find(before)
    assert found is not None
    assert (len(revisions.revisions_of(before.id)), found.version) == ((1, 2) if reply_lost else (0, 1))
