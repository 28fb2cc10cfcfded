"""Exports: their names sort by time, and one stays true until something changes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.exports.export import Export, Summary, export_name
from tests.builders import NOON

READY = Export(
    call="small-call",
    export_id="20260504T120000Z-nightly",
    state="ready",
    snapshot_at="2026-05-04T12:00:00.000Z",
    requested_by="nightly",
    form_version=3,
    summary=Summary(counts={}, mails={}, files=(), first_expiry=int(NOON.timestamp()) + 3600),
)


def still_true(export: Export = READY, **changes: Any) -> bool:
    now = {"last_change": "2026-05-04T12:00:00.000Z", "form_version": 3, "now": NOON + timedelta(hours=1, seconds=-1)}
    return export.still_true(**(now | changes))


def test_an_export_is_still_true_when_nothing_has_changed() -> None:
    assert still_true()
    assert still_true(last_change="")


@pytest.mark.parametrize(
    "change",
    [{"last_change": "2026-05-04T12:00:00.001Z"}, {"form_version": 4}, {"now": NOON + timedelta(hours=1)}],
    ids=["changed", "other questions", "expired"],
)
def test_an_export_is_no_longer_true_when_something_has(change: dict[str, Any]) -> None:
    assert not still_true(**change)


def test_an_export_without_anything_that_can_expire_stays_true() -> None:
    settled = replace(READY, summary=Summary(counts={}, mails={}, files=()))
    assert still_true(settled, now=NOON + timedelta(days=1000))


@pytest.mark.parametrize("state", ["queued", "building", "failed", "cancelled"])
def test_an_export_that_is_not_ready_is_not_true(state: Any) -> None:
    assert not still_true(replace(READY, state=state))
    assert not still_true(replace(READY, summary=None))


def test_names_sort_by_time() -> None:
    times = [datetime(2026, 5, 4, 1, 0, second, tzinfo=UTC) for second in range(3)]
    names = [export_name(time, suffix) for time, suffix in zip(times, ("zzz", "nightly", "000"), strict=True)]
    assert names == sorted(names)
    assert names[1] == "20260504T010001Z-nightly"


def test_files_stand_below_the_call_and_the_export() -> None:
    assert READY.prefix == "exports/small-call/20260504T120000Z-nightly/"
