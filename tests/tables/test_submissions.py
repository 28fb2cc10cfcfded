"""Submissions in their table."""

import json
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.errors import NotFound, Unavailable
from chalicelib.runtime.clock import stamp
from chalicelib.runtime.table import ConditionFailed
from chalicelib.submissions import table
from chalicelib.submissions.submission import Happening, Submission, shard_of
from tests.aws import Border, throttled, timed_out
from tests.builders import answers, call_of, later, published, submission_of

_names = count()


def fresh_call() -> Any:
    """A call that no other test has used."""
    return published(call_of(name=f"kept-{next(_names)}"))


def stored(call: Any, number: int = 1, **changes: Any) -> Submission:
    submission = replace(submission_of(call, number), **changes)
    table.create(submission)
    return submission


def find(submission: Submission) -> Submission | None:
    return table.find(submission.call, submission.id, 2)


def raw_item(submission: Submission) -> dict[str, Any]:
    """What is really stored, as DynamoDB has it."""
    connection = table.SubmissionRecord._get_connection()
    found = connection.get_item(f"{submission.call}#{submission.shard:02d}", submission.id, consistent_read=True)
    return dict(found["Item"])


def test_what_was_stored_is_found_again_as_it_was() -> None:
    submission = stored(fresh_call())
    assert find(submission) == submission


def test_what_was_not_stored_is_not_found() -> None:
    assert find(submission_of(fresh_call())) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40))
def test_any_answer_is_found_again(name: str) -> None:
    submission = replace(submission_of(fresh_call()), answers=json.dumps({"name": name}, ensure_ascii=False))
    table.create(submission)
    assert find(submission) == submission


def test_an_id_can_be_taken_once() -> None:
    call = fresh_call()
    first = stored(call)
    with pytest.raises(ConditionFailed):
        table.create(submission_of(call, given=answers(name="Anderes")))
    assert find(first) == first


def test_the_same_id_in_another_call_is_another_submission() -> None:
    one, other = stored(fresh_call()), stored(fresh_call())
    assert one.id == other.id
    assert find(one) == one
    assert find(other) == other


def test_answers_are_stored_as_one_text_in_utf_8_that_can_be_spliced() -> None:
    submission = stored(fresh_call())
    assert raw_item(submission)["answers"] == {"S": submission.answers}
    assert "Grüne Höfe" in raw_item(submission)["answers"]["S"]
    assert "\\u" not in raw_item(submission)["answers"]["S"]


def test_its_end_is_stored_in_whole_epoch_seconds_as_dynamodb_expires_items() -> None:
    submission = stored(fresh_call())
    assert raw_item(submission)["expires_at"] == {"N": str(int(later(days=7).timestamp()))}


def test_what_is_not_set_is_not_stored() -> None:
    assert not {"confirmed_at", "decided_at", "published", "duplicate_of"} & raw_item(stored(fresh_call())).keys()


# Confirming


def test_confirming_moves_it_on_and_takes_its_end_away() -> None:
    submission = stored(fresh_call())
    confirmed = table.confirm(submission, at="2026-05-04T12:05:00.000Z")
    assert confirmed == find(submission)
    assert (confirmed.state, confirmed.confirmed_at, confirmed.changed_at) == (
        "confirmed", "2026-05-04T12:05:00.000Z", "2026-05-04T12:05:00.000Z",
    )  # fmt: skip
    assert confirmed.expires_at is None
    assert "expires_at" not in raw_item(submission)
    assert confirmed.version == 2
    assert confirmed.history[1:] == (Happening(at="2026-05-04T12:05:00.000Z", event="confirmed"),)


def test_confirming_again_changes_nothing() -> None:
    submission = stored(fresh_call())
    first = table.confirm(submission, at="2026-05-04T12:05:00.000Z")
    assert table.confirm(submission, at="2026-05-04T12:06:00.000Z") == first
    assert find(submission) == first


def test_confirming_what_has_moved_on_gives_it_as_it_is() -> None:
    submission = stored(fresh_call(), state="withdrawn", expires_at=None)
    assert table.confirm(replace(submission, state="received"), at="2026-05-04T12:05:00.000Z") == submission


def test_what_has_expired_cannot_be_confirmed_any_more() -> None:
    submission = stored(fresh_call())
    assert table.confirm(submission, at=stamp(later(days=7))) == submission
    assert find(submission) == submission
    assert table.confirm(submission, at=stamp(later(days=7, seconds=-1))).state == "confirmed"


def test_confirming_what_is_gone_is_not_found_and_makes_nothing() -> None:
    gone = submission_of(fresh_call())
    with pytest.raises(NotFound):
        table.confirm(gone, at="2026-05-04T12:05:00.000Z")
    assert find(gone) is None


def test_a_confirmation_that_was_written_but_not_answered_can_be_repeated(border: Border) -> None:
    submission = stored(fresh_call())
    border.fail("UpdateItem", timed_out(), after=True)
    with pytest.raises(Unavailable):
        table.confirm(submission, at="2026-05-04T12:05:00.000Z")
    confirmed = table.confirm(submission, at="2026-05-04T12:06:00.000Z")
    assert (confirmed.state, confirmed.confirmed_at, confirmed.version) == ("confirmed", "2026-05-04T12:05:00.000Z", 2)


# Reading many


def test_pages_give_every_submission_once_in_the_order_of_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "PAGE", 7)
    call = fresh_call()
    all_ids = {stored(call, number).id for number in range(30)}
    found: list[str] = []
    for shard in range(2):
        pages = [[one.id for one in page] for page in table.pages(call.call.call, shard)]
        assert all(0 < len(page) <= 7 for page in pages)
        ids = [one for page in pages for one in page]
        assert ids == sorted(ids)
        assert {shard_of(one, 2) for one in ids} == {shard}
        found += ids
    assert sorted(found) == sorted(all_ids)


def test_pages_can_go_on_after_an_id() -> None:
    call = fresh_call()
    ids = sorted(one.id for one in (stored(call, number) for number in range(12)) if one.shard == 0)
    [page] = table.pages(call.call.call, 0, after=ids[1])
    assert [one.id for one in page] == ids[2:]
    assert list(table.pages(call.call.call, 0, after=ids[-1])) == []


def test_an_empty_shard_has_no_pages() -> None:
    assert list(table.pages("no-call", 0)) == []


def test_what_changed_since_comes_oldest_first_and_includes_that_very_moment() -> None:
    call = fresh_call()
    stamps = {number: stamp(later(minutes=-number)) for number in range(10)}
    for number, at in stamps.items():
        stored(call, number, changed_at=at)
    found = [
        one
        for shard in range(2)
        for page in table.changed_since(call.call.call, "received", shard, stamps[5])
        for one in page
    ]
    assert {one.changed_at for one in found} == {stamps[number] for number in range(6)}
    shard_0 = [one.changed_at for one in found if one.shard == 0]
    assert shard_0 == sorted(shard_0)


def test_a_submission_is_listed_under_its_state_as_it_is_now() -> None:
    call = fresh_call()
    submission = stored(call)
    table.confirm(submission, at=stamp(later(minutes=1)))
    listed = {
        state: [
            one.id for page in table.changed_since(submission.call, state, submission.shard, "2000") for one in page
        ]
        for state in ("received", "confirmed")
    }
    assert listed == {"received": [], "confirmed": [submission.id]}


def test_the_last_change_is_the_newest_of_the_state() -> None:
    call = fresh_call()
    submissions = [stored(call, number, changed_at=stamp(later(minutes=number))) for number in range(8)]
    for shard in range(2):
        newest = max(one.changed_at for one in submissions if one.shard == shard)
        assert table.last_change(call.call.call, "received", shard) == newest
    assert table.last_change(call.call.call, "accepted", 0) is None


# When DynamoDB does not answer


@pytest.mark.parametrize("error", [throttled(), timed_out()], ids=["throttled", "timed out"])
def test_throttling_and_broken_connections_are_told_as_unavailable(border: Border, error: Exception) -> None:
    submission = submission_of(fresh_call())
    border.fail("*", error, times=10)
    for action in (
        lambda: table.create(submission),
        lambda: find(submission),
        lambda: table.confirm(submission, at="2026-05-04T12:05:00.000Z"),
        lambda: list(table.pages(submission.call, 0)),
        lambda: list(table.changed_since(submission.call, "received", 0, "2000")),
        lambda: table.last_change(submission.call, "received", 0),
    ):
        with pytest.raises(Unavailable):
            action()


def test_a_fault_of_ours_is_not_told_as_unavailable(border: Border) -> None:
    from tests.aws import refused

    border.fail("PutItem", refused("ValidationException"))
    with pytest.raises(Exception, match="ValidationException") as caught:
        table.create(submission_of(fresh_call()))
    assert not isinstance(caught.value, Unavailable | ConditionFailed)


def test_a_flag_is_added_once_and_is_no_change() -> None:
    submission = submission_of(number=77_001)
    table.create(submission)
    table.add_flag(submission, "mail-held")
    flagged = table.find("small-call", submission.id, 2)
    assert flagged is not None
    assert flagged == replace(submission, flags=(*submission.flags, "mail-held"))
    table.add_flag(flagged, "mail-held")
    assert table.find("small-call", submission.id, 2) == flagged
    with pytest.raises(ConditionFailed):
        table.add_flag(submission, "very-fast")
    table.SubmissionRecord(f"small-call#{submission.shard:02d}", submission.id).delete()
    with pytest.raises(ConditionFailed):
        table.add_flag(submission, "mail-held")
    assert table.find("small-call", submission.id, 2) is None
