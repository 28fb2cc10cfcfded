"""What is erased or withdrawn leaves the exports, in every object and every version of it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.calls.table import read_call
from chalicelib.exports.erasure import sweep
from chalicelib.exports.reconcile import reconcile_exports
from chalicelib.exports.worker import work
from chalicelib.jobs.messages import ExportJob
from chalicelib.runtime.clock import now
from chalicelib.runtime.settings import settings
from tests.aws import Crash
from tests.builders import answers
from tests.integration.test_exports import export_of, filled, later_than_any_lease, read
from tests.integration.world import World, client

CANARY = "Kanarienvogel"
SURE = {"confirm": True}


@pytest.fixture
def versioned(world: World) -> World:
    """A bucket that keeps every version, as the template's does."""
    with world.border.aside():
        client("s3").put_bucket_versioning(
            Bucket=settings().exports_bucket, VersioningConfiguration={"Status": "Enabled"}
        )
    return world


def everything(world: World) -> dict[str, bytes]:
    """Every version of every object, and the parts of every unfinished upload."""
    s3, bucket = client("s3"), settings().exports_bucket
    with world.border.aside():
        assert not s3.list_multipart_uploads(Bucket=bucket).get("Uploads")
        found = s3.list_object_versions(Bucket=bucket).get("Versions", [])
        return {
            f"{one['Key']}@{one['VersionId']}": s3.get_object(
                Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"]
            )["Body"].read()
            for one in found
        }


def canary(world: World) -> tuple[str, str]:
    """A submission with a canary in it, in two exports; its reference and the path of its receipt."""
    filled(world)
    reference = world.submit(answers(name=CANARY, summary=f"{CANARY} singt den ganzen Tag.")).json["reference"]
    world.drain()
    for night in ("2026-05-05T01:00:00Z", "2026-05-06T01:00:00Z"):
        world.submit()
        world.nightly(night)
        world.drain()
    assert any(CANARY.encode() in content for content in everything(world).values())
    [receipt] = {mail.receipt for mail in world.mails if mail.tags["submission"] == reference.replace("-", "")}
    return reference, receipt


def holding(world: World) -> list[str]:
    return [key for key, content in everything(world).items() if CANARY.encode() in content]


@pytest.mark.parametrize("action", ["erase", "withdraw"])
def test_no_object_and_no_version_of_one_holds_what_was_erased(versioned: World, action: str) -> None:
    reference, receipt = canary(versioned)
    before = read(versioned)[0]["export_id"]
    assert versioned.post(f"{receipt}/{action}", SURE).status == 200
    versioned.drain()
    manifest, document = read(versioned)
    assert manifest["export_id"] != before
    assert manifest["balance"]["differences"] == []
    if action == "erase":
        assert holding(versioned) == []
        assert manifest["removed"] == [reference]
        assert reference not in [one["reference"] for one in document["submissions"]]
    else:
        assert {key.split("/")[2] for key in holding(versioned)} == {manifest["export_id"]}
        assert manifest["withdrawn"] == [reference]
    gone = export_of(versioned, before)
    assert gone.deleted_at is not None
    assert not gone.available
    assert {key.split("/")[2] for key in everything(versioned) if "/2026" in key} == {manifest["export_id"]}


def test_reconcile_heals_an_erasure_whose_message_was_lost(versioned: World) -> None:
    _, receipt = canary(versioned)
    versioned.post(f"{receipt}/erase", SURE)
    versioned.relay()
    versioned.messages("export")  # lost
    assert holding(versioned)
    with versioned.border.aside():
        reconcile_exports()
    versioned.drain()
    assert holding(versioned) == []


def test_many_erasures_make_one_export(versioned: World) -> None:
    _, receipt = canary(versioned)
    receipts = [receipt, *(mail.receipt for mail in versioned.mails[1:3])]
    for one in receipts:
        versioned.post(f"{one}/erase", SURE)
    versioned.relay()
    before = len(versioned.items("exports"))
    versioned.drain()
    assert len(versioned.items("exports")) == before + 1


def test_the_pointer_names_a_whole_export_while_old_ones_go(versioned: World) -> None:
    _, receipt = canary(versioned)
    versioned.post(f"{receipt}/erase", SURE)
    versioned.relay()
    versioned.border.fail("DeleteObjects", Crash())
    with pytest.raises(Crash):
        versioned.drain()
    read(versioned)
    versioned.border.faults.clear()
    with versioned.border.aside():
        reconcile_exports()
    versioned.drain()
    read(versioned)
    assert holding(versioned) == []


def test_an_export_that_was_being_built_when_something_was_erased_is_stopped_and_deleted(versioned: World) -> None:
    _, receipt = canary(versioned)
    versioned.submit()
    [asked] = versioned.nightly("2026-05-07T01:00:00Z")
    job = ExportJob("small-call", asked["export_id"])

    def erase_meanwhile(answer: Any) -> Any:
        versioned.border.answers.clear()
        with versioned.border.aside():
            versioned.post(f"{receipt}/erase", SURE)
        return answer

    versioned.messages("export")
    versioned.border.answers["PutObject"] = erase_meanwhile
    work(job)
    versioned.drain()
    assert holding(versioned) == []
    assert read(versioned)[0]["export_id"] != asked["export_id"]


def test_a_builder_that_was_left_alone_is_waited_for(versioned: World) -> None:
    _, receipt = canary(versioned)
    versioned.submit()
    [asked] = versioned.nightly("2026-05-07T01:00:00Z")
    versioned.border.fail("PutObject", Crash(), after=True, skip=3)
    with pytest.raises(Crash):
        versioned.work("export")
    versioned.border.faults.clear()
    versioned.post(f"{receipt}/erase", SURE)
    versioned.relay()
    versioned.drain()
    assert export_of(versioned, asked["export_id"]).state == "cancelled"
    published = read_call("small-call")
    assert published is not None
    with versioned.border.aside():
        sweep(published, clock=lambda: later_than_any_lease() + timedelta(minutes=1))
    assert holding(versioned) == []
    assert export_of(versioned, asked["export_id"]).deleted_at is not None
    assert json.loads(versioned.file("exports/small-call/latest.json"))["snapshot_at"] <= now().isoformat()
