"""Exports in their table: claimed by one builder at a time, reported on, finished or given back."""

from itertools import count

import pytest
from msgspec.structs import replace

from chalicelib.exports import table
from chalicelib.exports.export import MOST_ATTEMPTS, Export, ExportFile, Progress, Summary
from chalicelib.runtime.table import ConditionFailed

AT = "2026-05-04T12:05:00.000Z"
SUMMARY = Summary(
    counts={"received": 1}, mails={"sent": 1}, files=(ExportFile("submissions.json", 10, "ab"),), first_expiry=99
)
_numbers = count()


def asked(name: str = "20260504T120000Z-nightly", call: str | None = None) -> Export:
    """An export that was asked for."""
    return table.create(Export(
        call=call or f"call-{next(_numbers)}",
        export_id=name,
        state="queued",
        snapshot_at="2026-05-04T12:00:00.000Z",
        requested_by="nightly",
        form_version=2,
    ))  # fmt: skip


def claim(export: Export, owner: str = "a", now: int = 100) -> Export | None:
    return table.claim(export.call, export.export_id, owner=owner, now=now, lease=60)


def claimed(export: Export, owner: str = "a", now: int = 100) -> Export:
    found = claim(export, owner, now)
    assert found is not None
    return found


def test_an_export_is_found_again_as_it_was_asked_for() -> None:
    export = asked()
    assert table.find(export.call, export.export_id) == export
    assert table.find(export.call, "other") is None


def test_asking_again_under_the_same_name_gives_the_one_there_is() -> None:
    first = asked()
    building = claimed(first)
    assert table.create(replace(first, snapshot_at="2026-05-05T12:00:00.000Z")) == building


def test_the_newest_come_first() -> None:
    first = asked("20260504T120000Z-a")
    for name in ("20260506T120000Z-a", "20260505T120000Z-a"):
        asked(name, first.call)
    assert [one.export_id[:8] for one in table.newest(first.call)] == ["20260506", "20260505", "20260504"]
    assert [one.export_id[:8] for one in table.newest(first.call, most=1)] == ["20260506"]


def test_one_builder_at_a_time() -> None:
    export = asked()
    first = claimed(export)
    assert (first.state, first.attempts, first.lease_until) == ("building", 1, 160)
    assert claim(export, "b", now=159) is None
    assert claimed(export, "b", now=160).attempts == 2


def test_a_claim_that_was_written_but_not_answered_finds_its_own_name_when_repeated() -> None:
    export = asked()
    claimed(export)
    assert claimed(export).owner == "a"


def test_claiming_what_nobody_asked_for_makes_nothing() -> None:
    stranger = Export("no-call", "x", "queued", AT, "nightly", 1)
    assert claim(stranger) is None
    assert table.find("no-call", "x") is None


def test_progress_is_reported_by_who_holds_the_claim() -> None:
    export = claimed(asked())
    table.report(export, Progress(written=5, shards_done=1, shards=2))
    found = table.find(export.call, export.export_id)
    assert found is not None
    assert found.progress == Progress(written=5, shards_done=1, shards=2)
    claimed(export, "b", now=160)
    with pytest.raises(ConditionFailed):
        table.report(export, Progress())


def test_a_finished_export_says_what_is_in_it_and_is_built_no_more() -> None:
    export = claimed(asked())
    finished = table.finish(export, SUMMARY, at=AT)
    assert (finished.state, finished.summary, finished.finished_at) == ("ready", SUMMARY, AT)
    assert finished == table.find(export.call, export.export_id)
    assert table.ended(finished)
    assert claim(export, "b", now=10_000) is None


def test_a_builder_whose_lease_was_taken_over_can_neither_finish_nor_give_back() -> None:
    slow = claimed(asked())
    quick = claimed(slow, "b", now=160)
    with pytest.raises(ConditionFailed):
        table.finish(slow, SUMMARY, at=AT)
    with pytest.raises(ConditionFailed):
        table.give_back(slow, cause="Unavailable", at=AT)
    assert table.find(slow.call, slow.export_id) == quick


def test_an_export_that_was_given_back_can_be_claimed_at_once_and_fails_after_the_last_attempt() -> None:
    export = asked()
    states = []
    for owner in range(MOST_ATTEMPTS):
        given_back = table.give_back(claimed(export, str(owner)), cause="Unavailable", at=AT)
        assert given_back.cause == "Unavailable"
        states.append(given_back.state)
    assert states == ["building"] * (MOST_ATTEMPTS - 1) + ["failed"]
    assert claim(export, "again", now=10_000) is None


def test_what_does_not_exist_has_ended() -> None:
    assert table.ended(None)
    assert not table.ended(asked())
