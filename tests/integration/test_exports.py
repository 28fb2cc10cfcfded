"""Exports: asked for at night, whole or not there, and true to what is stored."""

import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chalicelib.exports import table, uploads, writing
from chalicelib.exports.export import Export
from chalicelib.exports.worker import work
from chalicelib.jobs.messages import ExportJob
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.settings import settings
from chalicelib.submissions.table import SubmissionRecord
from tests.aws import refused
from tests.builders import OPENS, PROJECT, answers, call_of, kosi, kosi_answers, texts
from tests.integration.world import World

LATEST = "exports/small-call/latest.json"
NIGHT = "2026-05-05T01:00:00Z"


def schema(name: str) -> Draft202012Validator:
    document = json.loads(
        (PROJECT / "chalicelib" / "exports" / "schemas" / f"{name}-1.json").read_text(encoding="utf-8")
    )
    return Draft202012Validator(document, format_checker=Draft202012Validator.FORMAT_CHECKER)


def later_than_any_lease() -> Any:
    return now() + timedelta(seconds=settings().export_lease_seconds + 60)


def filled(world: World, count: int = 3) -> list[str]:
    """A call with submissions, the first of them confirmed; gives their references."""
    world.publish()
    references = [world.submit(answers(name=f"Höfe {number}")).json["reference"] for number in range(count)]
    world.drain()
    world.post(f"{world.mails[0].receipt}/confirm")
    world.drain()
    return references


def read(world: World, call: str = "small-call") -> tuple[dict[str, Any], dict[str, Any]]:
    """Manifest and submissions of the export that the pointer names, every file as the manifest says."""
    pointer = json.loads(world.file(f"exports/{call}/latest.json"))
    manifest = json.loads(world.file(pointer["manifest"]))
    assert (manifest["call"], manifest["export_id"]) == (call, pointer["export_id"])
    assert manifest["snapshot_at"] == pointer["snapshot_at"]
    folder = pointer["manifest"].removesuffix("manifest.json")
    files = {one["name"]: world.file(folder + one["name"]) for one in manifest["files"]}
    for one in manifest["files"]:
        assert len(files[one["name"]]) == one["size"]
        assert sha256(files[one["name"]]).hexdigest() == one["sha256"]
    return manifest, json.loads(files["submissions.json"])


def export_of(world: World, export_id: str) -> Export:
    with world.border.aside():
        found = table.find("small-call", export_id)
    assert found is not None
    return found


# What is in it


def test_an_export_holds_every_submission_and_says_what_it_holds(world: World) -> None:
    references = filled(world)
    [asked] = world.nightly()
    world.drain()
    manifest, document = read(world)
    schema("manifest").validate(manifest)
    schema("submissions").validate(document)
    assert [one["reference"] for one in document["submissions"]] == references
    assert document["snapshot_at"] == manifest["snapshot_at"]
    assert manifest["counts"] == {
        "received": 2, "confirmed": 1, "accepted": 0, "rejected": 0, "duplicate": 0, "withdrawn": 0,
    }  # fmt: skip
    assert manifest["balance"] == {
        "received": 3, "stored": 3, "exported": 3, "differences": [],
        "mails": {"owed": 4, "sent": 4, "failed": 0, "suppressed": 0, "waiting": 0},
    }  # fmt: skip
    assert export_of(world, asked["export_id"]).state == "ready"


def test_one_submission_tells_all_an_organiser_may_know(world: World) -> None:
    world.publish(kosi())
    reference = world.submit(kosi_answers(), call="kosi-lab-dortmund", language="en").json["reference"]
    world.drain()
    world.nightly()
    world.drain()
    _, document = read(world, "kosi-lab-dortmund")
    schema("submissions").validate(document)
    [one] = document["submissions"]
    assert one["answers"] == kosi_answers()
    assert (one["reference"], one["state"], one["language"], one["form_version"]) == (reference, "received", "en", 1)
    assert one["confirmed_at"] is one["decided_at"] is one["published"] is one["duplicate_of"] is None
    asked = {field["id"] for step in document["form"]["steps"] for field in step["fields"]}
    assert asked == set(kosi().fields)


def test_a_mail_that_nobody_has_tried_is_waiting(world: World) -> None:
    world.publish()
    world.submit()
    world.nightly()
    world.work("export")
    manifest, _ = read(world)
    assert manifest["balance"]["mails"] == {"owed": 1, "sent": 0, "failed": 0, "suppressed": 0, "waiting": 1}


def test_a_call_without_submissions_has_an_export_too(world: World) -> None:
    world.publish()
    world.nightly()
    world.drain()
    manifest, document = read(world)
    schema("manifest").validate(manifest)
    schema("submissions").validate(document)
    assert document["submissions"] == []


def test_what_has_expired_is_not_in_it(world: World) -> None:
    references = filled(world, 2)
    world.nightly()
    work_at = now() + timedelta(days=8)
    [message] = world.messages("export")
    work(ExportJob(**json.loads(message["body"])), clock=lambda: work_at)
    _, document = read(world)
    assert [one["reference"] for one in document["submissions"]] == [references[0]]


def test_a_long_export_is_written_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """moto takes parts of any size but the smallest that S3 takes; the real size is tried with answers that fill it."""
    world.publish(kosi())
    summary = "Ä" * 590
    for number in range(6):
        world.submit(
            kosi_answers(summary=summary, problem="ß" * 400, novelty="ü" * 400),
            call="kosi-lab-dortmund",
            key=str(number),
        )
    monkeypatch.setattr(uploads, "PART", 5_000)
    monkeypatch.setattr(writing, "BATCH", 2)
    monkeypatch.setattr("moto.settings.S3_UPLOAD_PART_MIN_SIZE", 1, raising=False)
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1, raising=False)
    world.border.forget()
    world.nightly()
    world.work("export")
    assert world.border.operations.count("UploadPart") > 2
    _, document = read(world, "kosi-lab-dortmund")
    assert [one["answers"]["summary"] for one in document["submissions"]] == [summary] * 6


def test_progress_is_told_while_it_is_built(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.exports.reader.PAGE", 2)
    monkeypatch.setattr("chalicelib.exports.builder._TELL", 1)
    filled(world, 5)
    [asked] = world.nightly()
    told: list[int] = []
    report = table.report
    monkeypatch.setattr(
        table, "report", lambda export, progress: (told.append(progress.written), report(export, progress))
    )
    world.work("export")
    assert told == sorted(told)
    assert len(told) > 3
    done = export_of(world, asked["export_id"]).progress
    assert (done.read, done.written, done.shards_done, done.shards) == (5, 5, 2, 2)


# The night


def test_every_call_that_has_opened_is_exported_and_no_other(world: World) -> None:
    world.publish()
    world.publish(call_of(name="closed-call", closes_at=OPENS.replace(month=6)))
    world.publish(call_of(name="future-call", opens_at=OPENS.replace(year=2999)))
    assert sorted(one["call"] for one in world.nightly()) == ["closed-call", "small-call"]


def test_a_schedule_event_that_comes_twice_asks_for_the_same_exports(world: World) -> None:
    filled(world)
    first, again = world.nightly(NIGHT), world.nightly(NIGHT)
    assert first == again
    world.drain()
    assert [one["export_id"] for one in world.nightly(NIGHT)] == [first[0]["export_id"]]
    assert len([key for key in world.files() if key.endswith("manifest.json")]) == 1


def test_a_call_that_has_not_changed_gives_its_last_export(world: World) -> None:
    filled(world)
    [first] = world.nightly()
    world.drain()
    [second] = world.nightly("2026-05-06T01:00:00Z")
    assert second == first | {"unchanged": True}
    assert world.messages("export") == []


@pytest.mark.parametrize("change", ["submitted", "confirmed", "mailed", "republished"])
def test_a_call_that_has_changed_is_exported_anew(world: World, change: str) -> None:
    filled(world)
    if change == "mailed":
        world.submit()
    [first] = world.nightly()
    world.work("export")
    if change == "submitted":
        world.submit()
    elif change == "confirmed":
        world.post(f"{world.mails[1].receipt}/confirm")
    elif change == "republished":
        world.publish(call_of(title=texts("Other")))
    world.drain()
    [second] = world.nightly("2026-05-06T01:00:00Z")
    assert second["unchanged"] is False
    assert second["export_id"] != first["export_id"]


def test_an_export_waits_until_what_was_stamped_before_it_has_landed(world: World) -> None:
    filled(world)
    [asked] = world.nightly()
    job = ExportJob("small-call", asked["export_id"])
    a_moment_before = now() - timedelta(seconds=30)
    world.messages("export")
    work(job, clock=lambda: a_moment_before)
    assert export_of(world, asked["export_id"]).state == "queued"
    [sent] = [call.parameters for call in world.border.calls if call.operation == "SendMessage"][-1:]
    assert 0 < sent["DelaySeconds"] <= 900


def test_a_mail_that_is_owed_for_longer_than_reconcile_looks_is_put_back_by_the_night(world: World) -> None:
    world.publish()
    world.submit()  # and the relay never hears of it
    with world.border.aside():
        [record] = SubmissionRecord.scan()
        record.update([SubmissionRecord.changed_at.set(stamp(now() - timedelta(hours=49)))])
    assert world.reconcile()["put_back"] == 0
    world.nightly()
    world.work("export")
    assert world.mails == []
    world.work("mail")
    assert len(world.mails) == 1


# The pointer


def test_the_pointer_is_written_last(world: World) -> None:
    filled(world)
    world.nightly()
    world.border.forget()
    world.work("export")
    written = [
        call.parameters["Key"].rpartition("/")[2]
        for call in world.border.calls
        if call.operation in {"CompleteMultipartUpload", "PutObject"}
    ]
    assert written[-2:] == ["manifest.json", "latest.json"]
    assert set(written[:-2]) == {one["name"] for one in read(world)[0]["files"]}


def test_the_pointer_is_written_only_over_what_was_read(world: World) -> None:
    filled(world)
    world.nightly()
    world.work("export")
    world.submit()
    world.nightly("2026-05-06T01:00:00Z")
    world.work("export")
    first, second = [
        call.parameters
        for call in world.border.calls
        if call.operation == "PutObject" and call.parameters["Key"] == LATEST
    ]
    assert (first.get("IfNoneMatch"), "IfMatch" in first) == ("*", False)
    assert second["IfMatch"]
    assert "IfNoneMatch" not in second


def test_the_later_snapshot_wins_whichever_is_finished_last(world: World) -> None:
    filled(world)
    [early] = world.nightly("2026-05-05T01:00:00Z")
    [early_message] = world.messages("export")
    world.submit()
    [late] = world.nightly("2026-05-06T01:00:00Z")
    world.work("export")
    assert read(world)[0]["export_id"] == late["export_id"]
    work(ExportJob(**json.loads(early_message["body"])))
    manifest, _ = read(world)
    assert manifest["export_id"] == late["export_id"]
    assert export_of(world, early["export_id"]).state == "ready"


@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict"])
def test_who_loses_the_pointer_looks_again(world: World, code: str) -> None:
    filled(world)
    world.nightly()
    world.work("export")
    world.submit()
    world.nightly("2026-05-06T01:00:00Z")
    world.border.fail("PutObject", refused(code, 412), skip=len(read(world)[0]["files"]) + 1)
    world.border.forget()
    assert world.work("export") == []
    pointers = [call for call in world.border.calls if call.parameters.get("Key") == LATEST]
    assert [call.operation for call in pointers] == ["GetObject", "PutObject"] * 2
    read(world)
