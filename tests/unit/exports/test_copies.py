"""What became of the copies for the city, told from several exports."""

from msgspec.structs import replace

from chalicelib.exports.copies import CAUSES, Copies, copies_of
from chalicelib.exports.export import Export

NOTHING = Export(
    call="small-call", export_id="a", state="ready", snapshot_at="", requested_by="nightly", form_version=1
)
DONE = replace(NOTHING, pushed_at="2")
OLDER = replace(NOTHING, pushed_at="1")


def failing(since: str, cause: str) -> Export:
    return replace(NOTHING, push_fails_since=since, push_cause=cause)


def test_the_last_copy_counts_and_what_was_never_copied_says_nothing() -> None:
    assert copies_of([]) == copies_of([NOTHING]) == Copies()
    assert copies_of([NOTHING, DONE, OLDER]) == Copies("2")
    assert copies_of([DONE, failing("1", "refused"), OLDER]) == Copies("2"), "it got there since"


def test_it_fails_since_the_first_night_and_for_the_reason_of_the_last() -> None:
    nights = [NOTHING, failing("4", "no-bucket"), failing("3", "refused")]
    assert copies_of([*nights, DONE, failing("1", "other")]) == Copies("2", "3", "no-bucket")
    assert copies_of(nights) == Copies(None, "3", "no-bucket")


def test_every_cause_has_words() -> None:
    assert set(CAUSES) == {"refused", "no-bucket", "unreachable", "other"}
    assert all(CAUSES.values())
