"""Exports that meet faults: whatever dies or refuses, the pointer names a whole export, and the next one heals it."""

import contextlib
import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.calls.table import read_call
from chalicelib.exports import table
from chalicelib.exports.nightly import request_export
from chalicelib.exports.worker import work
from chalicelib.jobs.batches import TryLater
from chalicelib.jobs.messages import ExportJob
from chalicelib.runtime.clock import now
from tests.aws import Crash, refused, throttled
from tests.integration.test_exports import LATEST, export_of, filled, later_than_any_lease, read
from tests.integration.world import World


def test_wherever_the_builder_dies_the_pointer_names_a_whole_export_and_the_next_one_heals_it(world: World) -> None:
    died_at = die_everywhere(world, "*", after=False)
    assert {"UpdateItem", "Query", "PutObject", "GetObject"} <= set(died_at)
    assert len(died_at) > 20


@pytest.mark.usefixtures("in_parts")
def test_wherever_the_builder_of_a_large_export_dies_the_next_one_heals_it(world: World) -> None:
    for operation in ("CreateMultipartUpload", "CompleteMultipartUpload", "UploadPart", "GetObject"):
        assert die_everywhere(world, operation, after=True)


def die_everywhere(world: World, operation: str, *, after: bool) -> list[str]:
    """Let a builder die at its first such call, the next one at its second, and so on; gives what they died at."""
    published = read_call("small-call") or world.publish()
    if not world.count():
        filled(world)
        world.nightly()
        world.work("export")
    died_at: list[str] = []
    for night in range(1, 200):
        before = read(world)[0]["export_id"]
        asked = request_export(published, export_id=None, requested_by="x", now=now())
        world.border.forget()
        world.border.faults.clear()
        world.border.fail(operation, Crash(), after=after, skip=night - 1)
        try:
            world.work("export")
        except Crash:
            died_at.append(operation if operation != "*" else world.border.operations[night - 1])
        else:
            break  # it made fewer calls: every one of them has been tried
        world.border.faults.clear()
        assert read(world)[0]["export_id"] in {before, asked.export_id}, died_at
        _heal(world, asked.export_id)
        manifest, document = read(world)
        assert manifest["export_id"] == asked.export_id, died_at
        assert len(document["submissions"]) == manifest["balance"]["exported"] == 3, died_at
        world.delete(f"exports/small-call/{before}/")  # moto gets slow with many objects
    return died_at


def _heal(world: World, export_id: str) -> None:
    """The message comes back after the lease."""
    later = later_than_any_lease()
    for message in world.messages("export"):
        work(ExportJob(**json.loads(message["body"])), clock=lambda: later)
    assert export_of(world, export_id).state == "ready"


def dies_with_the_pointer(world: World) -> Any:
    """The answer to the pointer's writing never arrives."""

    def die(answer: Any) -> Any:
        if world.border.calls[-1].parameters["Key"] == LATEST:
            raise Crash
        return answer

    return die


def test_an_export_that_the_pointer_names_stays_whole_even_when_its_builder_dies_twice(world: World) -> None:
    """Dead between pointer and record, then again between the files of the second try, with a change in between."""
    filled(world)
    [asked] = world.nightly()
    job = ExportJob("small-call", asked["export_id"])
    world.border.answers["PutObject"] = dies_with_the_pointer(world)
    with pytest.raises(Crash):
        work(job)
    world.border.answers.clear()
    assert read(world)[0]["export_id"] == asked["export_id"]
    world.post(f"{world.mails[1].receipt}/confirm")
    later = later_than_any_lease()
    world.border.fail("PutObject", Crash(), after=True)
    with contextlib.suppress(Crash):
        work(job, clock=lambda: later)
    read(world)
    world.border.faults.clear()
    work(job, clock=lambda: later + timedelta(hours=1))
    read(world)
    assert export_of(world, asked["export_id"]).state == "ready"


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize(
    "operation",
    [
        "CreateMultipartUpload",
        "UploadPart",
        "CompleteMultipartUpload",
        "PutObject",
        "GetObject",
        "Query",
        "BatchGetItem",
    ],
)
def test_when_aws_throttles_the_export_is_given_back_with_its_cause_and_built_later(
    world: World, operation: str
) -> None:
    filled(world)
    [asked] = world.nightly()
    world.border.fail(operation, throttled())
    assert len(world.work("export")) == 1
    given_back = export_of(world, asked["export_id"])
    assert (given_back.state, given_back.cause, given_back.lease_until) == ("building", "Unavailable", 0)
    world.drain()
    assert export_of(world, asked["export_id"]).state == "ready"
    assert export_of(world, asked["export_id"]).cause == ""
    read(world)


@pytest.mark.usefixtures("in_parts")
def test_an_upload_that_fails_is_taken_back(world: World) -> None:
    filled(world)
    world.nightly()
    world.border.fail("CompleteMultipartUpload", throttled())
    world.work("export")
    begun = world.border.operations.count("CreateMultipartUpload")
    assert world.border.operations.count("AbortMultipartUpload") == begun > 0


def test_an_export_that_never_succeeds_fails_with_its_cause(world: World) -> None:
    filled(world)
    [asked] = world.nightly()
    world.border.fail("PutObject", refused("AccessDenied", 403), times=100)
    for _ in range(10):
        world.work("export")
    failed = export_of(world, asked["export_id"])
    assert (failed.state, failed.cause) == ("failed", "ClientError")
    assert LATEST not in world.files()
    assert world.messages("export") == []


def test_a_second_worker_leaves_an_export_to_the_first(world: World) -> None:
    filled(world)
    [asked] = world.nightly()
    with world.border.aside():
        table.claim("small-call", asked["export_id"], owner="first", now=int(now().timestamp()), lease=60)
    assert len(world.work("export")) == 1
    assert LATEST not in world.files()


def test_a_message_for_an_export_that_is_ready_does_nothing(world: World) -> None:
    filled(world)
    [asked] = world.nightly()
    world.work("export")
    before = world.files()
    world.put("export", json.dumps({"call": "small-call", "export_id": asked["export_id"]}))
    world.put("export", json.dumps({"call": "small-call", "export_id": "nobody-asked"}))
    assert world.work("export") == []
    assert world.files() == before


def test_an_export_whose_lease_was_taken_over_does_not_finish_for_the_other(world: World) -> None:
    filled(world)
    [asked] = world.nightly()
    job = ExportJob("small-call", asked["export_id"])
    taken_over: list[Any] = []

    def take_over(answer: Any) -> Any:
        if not taken_over:
            with world.border.aside():
                late = int(later_than_any_lease().timestamp())
                taken_over.append(table.claim("small-call", job.export_id, owner="other", now=late, lease=60))
        return answer

    world.border.answers["BatchGetItem"] = take_over
    with pytest.raises(TryLater):
        work(job)
    assert export_of(world, job.export_id).owner == "other"
    assert export_of(world, job.export_id).state == "building"
