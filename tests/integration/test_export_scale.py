"""Exports that do not fit into one invocation: left at any checkpoint and gone on with, the files are the same."""

import contextlib
import json
import subprocess
import sys
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from chalicelib.calls.table import read_call
from chalicelib.exports import table
from chalicelib.exports.nightly import request_export
from chalicelib.exports.worker import work
from chalicelib.jobs.batches import TryLater
from chalicelib.jobs.messages import ExportJob
from chalicelib.runtime.clock import now
from tests.builders import PROJECT, answers
from tests.integration.test_exports import export_of, filled, read
from tests.integration.world import World


def asked(world: World, at: datetime) -> ExportJob:
    """An export of the same moment as every other."""
    published = read_call("small-call")
    assert published is not None
    export = request_export(published, export_id=None, requested_by="x", now=at)
    world.messages("export")
    return ExportJob("small-call", export.export_id)


def built(world: World, job: ExportJob, at: datetime, steps: int) -> int:
    """Build in invocations that have time for so many steps; gives how many that took."""
    for invocation in count(1):
        left = iter([100.0] + [100.0] * steps)
        work(job, clock=lambda: at, time_left=lambda left=left: next(left, 0.0))
        if export_of(world, job.export_id).state == "ready":
            return invocation
        assert len(world.messages("export")) == 1, "the next invocation is asked for"
    raise AssertionError


def contents(world: World, job: ExportJob) -> dict[str, bytes]:
    prefix = f"exports/small-call/{job.export_id}/"
    named = job.export_id.encode()
    found = {key.removeprefix(prefix): content for key, content in world.files().items() if key.startswith(prefix)}
    return {name: content.replace(named, b"this-export") for name, content in found.items()}


@pytest.mark.usefixtures("in_parts")
def test_stopped_at_any_checkpoint_an_export_is_the_same_byte_by_byte(world: World) -> None:
    filled(world, 7)
    at = now()
    whole = asked(world, at)
    assert built(world, whole, at, steps=1000) == 1
    expected = contents(world, whole)
    assert "manifest.json" in expected
    assert not [name for name in expected if name.startswith("work/")], "what was put away is gone"
    for steps in range(4):
        pieces = asked(world, at)
        invocations = built(world, pieces, at, steps)
        assert invocations > 2
        if steps == 0:
            assert invocations > 10
        found = contents(world, pieces)
        # The sums of these two name the export, which has another name.
        for name in ("manifest.json", "datapackage.json"):
            assert without_sums(found.pop(name)) == without_sums(expected[name])
        assert found == {name: content for name, content in expected.items() if name in found}
        assert found.keys() | {"manifest.json", "datapackage.json"} == expected.keys()


def without_sums(content: bytes) -> Any:
    document = json.loads(content)
    for one in (*document.get("files", []), *document.get("resources", [])):
        if "datapackage" in one["name"]:
            one["sha256"] = one["size"] = None
    return document


def test_a_hundred_thousand_submissions_take_no_more_memory_than_ten_thousand(tmp_path: Path) -> None:
    small, large = measured(10_000, tmp_path / "small"), measured(100_000, tmp_path / "large")
    assert large["balance"] == {
        "received": 100_000, "stored": 100_000, "exported": 100_000, "differences": [],
        "mails": {"owed": 200_000, "sent": 200_000, "failed": 0, "suppressed": 0, "waiting": 0},
    }  # fmt: skip
    # The promise is 64 MB for any number. Alone on a machine it is 36, 41, and 42 for a million.
    assert large["peak"] <= 52 * 1024 * 1024
    assert large["peak"] <= 1.3 * small["peak"]


def measured(number: int, folder: Path) -> Any:
    program = [sys.executable, "-m", "tests.integration.large_export", str(number), str(folder)]
    done = subprocess.run(program, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=300)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.usefixtures("in_parts")
def test_lines_stand_in_the_order_in_which_they_came(world: World) -> None:
    references = filled(world, 9)
    at = now()
    job = asked(world, at)
    built(world, job, at, steps=2)
    assert [one["reference"] for one in read(world)[1]["submissions"]] == references


def test_what_comes_in_after_the_snapshot_is_the_next_exports(world: World) -> None:
    references = filled(world)
    job = asked(world, now())
    world.submit(answers(name="Zu spät"))
    work(job)
    manifest, document = read(world)
    assert [one["reference"] for one in document["submissions"]] == references
    assert manifest["balance"]["differences"] == []


def test_a_checkpoint_that_kills_its_builders_is_given_up(world: World, in_parts: None) -> None:
    filled(world, 4)
    at = now()
    job = asked(world, at)
    time = iter([100.0])
    work(job, clock=lambda: at, time_left=lambda: next(time, 0.0))
    left = export_of(world, job.export_id)
    assert left.checkpoint
    world.delete(f"{left.prefix}work/")
    for _ in range(4):
        world.messages("export")
        with contextlib.suppress(TryLater):
            work(job, clock=lambda: at)
    assert export_of(world, job.export_id).state == "ready"
    assert table.newest("small-call")[0].checkpoint == ""
