"""Every version reads what each released version left, and says of it what that one said."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from chalicelib.calls.table import forget_calls
from chalicelib.exports import export, landscape_live, nightly
from chalicelib.jobs.messages import LandscapeJob
from chalicelib.runtime.clock import moment, now, stamp
from chalicelib.runtime.settings import settings
from infra.template import read_resources
from tests import releases
from tests.integration.world import BROWSER, World, client

CALL = "/organiser/calls/small-call"
RELEASES = pytest.mark.parametrize("release", releases.versions())


@pytest.fixture
def left(world: World, release: str) -> Iterator[dict[str, Any]]:
    """A world an hour after the release was taken down, with what it left in the tables."""
    found = releases.read(release)
    with time_machine.travel(moment(found["taken_at"]) + timedelta(hours=1)), world.border.aside():
        for name, items in found["items"].items():
            for item in items:
                client("dynamodb").put_item(TableName=getattr(settings(), f"{name}_table"), Item=item)
        forget_calls()
    with time_machine.travel(moment(found["taken_at"]) + timedelta(hours=1)):
        yield found


def grown(old: Any, new: Any) -> Any:
    """`new` without what `old` does not know: schemas only grow."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {name: grown(value, new[name]) for name, value in old.items() if name in new}
    if isinstance(old, list) and isinstance(new, list):
        return [grown(one, other) for one, other in zip(old, new, strict=True)]
    return new


def exported(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """Submissions and manifest of an export that is built now."""
    asked = world.post(f"{CALL}/exports", None, world.token())
    assert asked.status in {201, 202}, asked.body
    world.drain()
    pointer = json.loads(world.file("exports/small-call/latest.json"))
    manifest = json.loads(world.file(pointer["manifest"]))
    folder = pointer["manifest"].rpartition("/")[0]
    return json.loads(world.file(f"{folder}/submissions.json")), manifest


@RELEASES
def test_what_a_release_left_is_exported_as_it_said(world: World, left: dict[str, Any]) -> None:
    submissions, manifest = exported(world)
    before = left["submissions"]["submissions"]
    assert grown(before, submissions["submissions"]) == before
    assert manifest["counts"] == left["manifest"]["counts"]
    assert manifest["removed"] == left["manifest"]["removed"]


@RELEASES
def test_its_receipts_open_and_its_pages_show_it(world: World, left: dict[str, Any]) -> None:
    states = [world.get(receipt).status for receipt in left["receipts"]]
    assert states == [200] * 8 + [410, 200]
    login = world.session("owner@example.org")
    references = [one["reference"] for one in left["submissions"]["submissions"]]
    pages = ["", "/submissions", "/mails", "/announcements", "/audit", "/statistics", "/exports", "/imports"]
    for page in [*pages, *(f"/submissions/{one}" for one in references)]:
        shown = world.get(f"{CALL}{page}", login, accept=BROWSER)
        assert shown.status == 200, (page, shown.status)
    assert world.get("/calls/small-call", accept=BROWSER).status == 200


@RELEASES
def test_work_goes_on_with_it(world: World, left: dict[str, Any]) -> None:
    sent = len(world.mails)
    assert world.reconcile()["put_back"] == 0, "nothing is owed that was sent"
    assert world.post(f"{left['receipts'][9]}/confirm").status == 200
    references = [one["reference"] for one in left["submissions"]["submissions"]]
    decided = world.post(f"{CALL}/submissions/{references[5]}/decisions", {"decision": "accept"}, world.token())
    assert decided.json["outcomes"][0]["state"] == "accepted"
    world.drain()
    assert len(world.mails) > sent


@RELEASES
def test_its_tables_become_ours_in_one_update(release: str) -> None:
    """CloudFormation replaces a table whose keys change, and DynamoDB makes one index at a time."""
    ours = read_resources()["Resources"]
    for name, old in releases.read(release)["tables"].items():
        before, after = old["Properties"], ours[name]["Properties"]
        assert after["KeySchema"] == before["KeySchema"], name
        assert after.get("StreamSpecification") == before.get("StreamSpecification"), name
        indexes = [
            {one["IndexName"]: json.dumps(one, sort_keys=True) for one in table.get("GlobalSecondaryIndexes", [])}
            for table in (before, after)
        ]
        changed = {one for one in {*indexes[0], *indexes[1]} if indexes[0].get(one) != indexes[1].get(one)}
        assert len(changed) <= 1, f"{name}: {changed} in one update"
        assert not changed & set(indexes[0]) & set(indexes[1]), f"{name}: an index is never changed, only added"


@RELEASES
def test_the_shape_of_exports_has_not_changed_without_their_format(world: World, left: dict[str, Any]) -> None:
    submissions, manifest = exported(world)
    for before, after in ((left["submissions"], submissions), (left["manifest"], manifest)):
        lost = releases.shape(before) - releases.shape(after)
        assert not lost, "a reader counts on it"
    names = [{one["name"] for one in document["files"]} for document in (left["manifest"], manifest)]
    assert names[0] <= names[1]
    known = left["format"]
    if names[0] != names[1] or releases.shape(left["submissions"]) != releases.shape(submissions):
        assert known < export.FORMAT, "raise FORMAT in chalicelib/exports/export.py, so that nights build anew"


def test_a_night_after_a_release_with_another_format_builds_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish()
    world.submit()
    world.drain()
    world.nightly()
    world.drain()
    [same] = world.nightly("2026-05-06T01:00:00Z")
    assert same["unchanged"]
    another = export.FORMAT + 1
    for module in (export, nightly):
        monkeypatch.setattr(module, "FORMAT", another)
    [anew] = world.nightly("2026-05-07T01:00:00Z")
    assert not anew["unchanged"]
    world.drain()
    [again] = world.nightly("2026-05-08T01:00:00Z")
    assert again == anew | {"unchanged": True}


def test_a_landscape_that_older_templates_made_is_built_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish()
    reference = world.submit().json["reference"]
    world.drain()
    world.post(f"{world.mails[0].receipt}/confirm")
    decided = world.post(f"{CALL}/submissions/{reference}/decisions", {"decision": "accept"}, world.token())
    assert decided.json["outcomes"][0]["outcome"] == "done"
    world.drain()
    later = now() + timedelta(minutes=2)
    landscape_live.refresh(LandscapeJob("small-call", stamp(later)), clock=lambda: later)
    assert landscape_live.reconcile_landscapes(clock=lambda: later) == 0
    monkeypatch.setattr(landscape_live, "digest", lambda: "another release")
    assert landscape_live.reconcile_landscapes(clock=lambda: later) == 1


def test_every_version_that_is_out_has_left_something() -> None:
    headings = (releases.PROJECT / "CHANGELOG.md").read_text(encoding="utf-8").split("\n## [")[1:]
    out = {one.partition("]")[0] for one in headings} - {"Unreleased"}
    assert out <= set(releases.versions()), "python -m tests.releases, before the version is released"
