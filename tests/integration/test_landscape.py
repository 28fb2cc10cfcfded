"""The live landscape: it follows what is decided, and who is gone is gone from it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from chalicelib.calls.call import Call
from chalicelib.exports import landscape_storage as storage
from chalicelib.exports.event_page import policy_of
from chalicelib.exports.landscape_files import LandscapeFile
from chalicelib.exports.landscape_live import PATIENCE, reconcile_landscapes, refresh
from chalicelib.intake.landscape_link import forget_landscapes
from chalicelib.jobs.messages import LandscapeJob
from chalicelib.runtime.clock import now, stamp
from chalicelib.submissions import table as submissions
from chalicelib.submissions.submission import Submission
from infra.call_files import read_call_file
from infra.commands.calls import publish_file
from tests.aws import throttled
from tests.builders import OPENS, PROJECT, answers, call_of
from tests.integration.world import BROWSER, World

FOLDER = "landscape/small-call/"
ADDRESS = "/calls/small-call/landscape"
SCHEMA = json.loads((PROJECT / "chalicelib" / "exports" / "schemas" / "landscape-1.json").read_text(encoding="utf-8"))


def decided(world: World, name: str, state: Any = "accepted") -> Submission:
    """A report that was sent, confirmed and decided."""
    reference = world.submit(answers(name=name, email=f"{len(world.mails)}@example.org")).json["reference"]
    world.relay()
    world.work("mail")
    world.post(f"{world.mails[-1].receipt}/confirm")
    before = world.stored(reference)
    assert before is not None
    at = stamp(now())
    after = replace(before, state=state, decided_at=at, changed_at=at, version=before.version + 1)
    return put(world, before, after)


def put(world: World, before: Submission, after: Submission) -> Submission:
    with world.border.aside():
        submissions.put_change(before, after)
    return after


def names(world: World) -> list[str]:
    """Who is in the landscape as everybody gets it; the GeoJSON says the same."""
    written = world.get(f"{ADDRESS}.json").json
    Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(written)
    shown = [entry["name"] for entry in written["entries"]]
    features = world.get(f"{ADDRESS}.geojson").json["features"]
    assert [one["properties"]["name"] for one in features] == shown
    return shown


def file_of(content: bytes) -> LandscapeFile:
    return LandscapeFile("landscape.json", "application/json", content)


def asked(world: World) -> int:
    return len([one for one in world.messages("export") if "asked_at" in one["body"]])


# What is in it


def test_before_anything_is_decided_it_is_empty(world: World) -> None:
    world.publish()
    assert names(world) == []
    assert world.files() == {}


def test_an_accepted_report_is_in_it(world: World) -> None:
    world.publish()
    for name in ("Erste", "Zweite"):
        decided(world, name)
    decided(world, "Abgelehnt", state="rejected")
    world.drain()
    assert names(world) == ["Erste", "Zweite"]
    assert {f"{FOLDER}landscape.json", f"{FOLDER}landscape.geojson"} <= set(world.files())


def test_who_withdraws_is_gone(world: World) -> None:
    world.publish()
    decided(world, "Bleibt")
    decided(world, "Geht")
    world.drain()
    world.post(f"{world.mails[-1].receipt}/withdraw")
    world.drain()
    assert names(world) == ["Bleibt"]


def test_who_is_erased_is_in_no_file(world: World) -> None:
    world.publish()
    decided(world, "Geht-spurlos")
    world.drain()
    assert names(world) == ["Geht-spurlos"]
    world.post(f"{world.mails[-1].receipt}/erase", {"confirm": True})
    world.drain()
    assert names(world) == []
    assert [key for key, content in world.files().items() if b"Geht-spurlos" in content] == []


def test_an_edited_copy_replaces_what_was_shown(world: World) -> None:
    world.publish()
    one = decided(world, "hÖFE")
    world.drain()
    put(world, one, replace(one, published='{"name":"Höfe"}', version=one.version + 1, changed_at=stamp(now())))
    world.drain()
    assert names(world) == ["Höfe"]


def test_a_reopened_report_is_gone(world: World) -> None:
    world.publish()
    one = decided(world, "Noch einmal")
    world.drain()
    put(world, one, replace(one, state="confirmed", version=one.version + 1, changed_at=stamp(now())))
    world.drain()
    assert names(world) == []


# When it is built


def test_what_nobody_sees_asks_for_nothing(world: World) -> None:
    world.publish()
    decided(world, "Nein", state="rejected")
    world.relay()
    assert asked(world) == 0


def test_many_decisions_in_one_go_ask_once(world: World) -> None:
    world.publish()
    one = decided(world, "Höfe")
    for number in range(5):
        edited = f'{{"name":"Höfe {number}"}}'
        one = put(world, one, replace(one, published=edited, version=one.version + 1))
    world.relay()
    assert asked(world) == 1


def test_a_change_that_was_read_already_is_not_read_again(world: World) -> None:
    world.publish()
    decided(world, "Höfe")
    with world.border.aside():
        refresh(LandscapeJob(call="small-call", asked_at=stamp(now())), clock=lambda: now() + timedelta(seconds=5))
    world.border.forget()
    refresh(LandscapeJob(call="small-call", asked_at=stamp(now())))
    assert "PutObject" not in world.border.operations
    assert "Query" not in world.border.operations


def test_a_change_after_the_last_reading_is_read(world: World) -> None:
    world.publish()
    decided(world, "Erste")
    world.drain()
    decided(world, "Zweite")
    world.drain()
    assert names(world) == ["Erste", "Zweite"]


def test_the_later_reading_wins_whoever_writes_last(world: World) -> None:
    world.publish()
    early, late = stamp(now()), stamp(now() + timedelta(seconds=1))
    with world.border.aside():
        assert storage.write("small-call", file_of(b"late"), read_at=late, recipe="")
        assert not storage.write("small-call", file_of(b"early"), read_at=early, recipe="")
        assert storage.write("small-call", file_of(b"again"), read_at=late, recipe="")
    assert world.file(f"{FOLDER}landscape.json") == b"again"


def test_somebody_who_writes_in_between_is_not_written_over(world: World) -> None:
    world.publish()
    real = storage._put
    others = [file_of(b"later")]

    def put_between(*given: Any) -> bool:
        if others:
            assert real("small-call", others.pop(), None, {"read-at": stamp(now() + timedelta(seconds=9))})
        return real(*given)

    with world.border.aside(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "_put", put_between)
        assert not storage.write("small-call", file_of(b"late"), read_at=stamp(now()), recipe="")
    assert world.file(f"{FOLDER}landscape.json") == b"later"


def test_a_builder_that_fails_is_called_again(world: World) -> None:
    world.publish()
    decided(world, "Höfe")
    world.border.fail("PutObject", throttled())
    world.drain()
    assert names(world) == ["Höfe"]


def test_a_queue_that_takes_nothing_leaves_the_change_in_the_stream(world: World) -> None:
    world.publish()
    decided(world, "Höfe")
    world.border.fail("SendMessage", throttled())
    assert world.relay()["batchItemFailures"]
    world.drain()
    assert names(world) == ["Höfe"]


# What reconcile finds


def reconcile(**later: float) -> int:
    return reconcile_landscapes(clock=lambda: now() + timedelta(**later))


def test_a_lost_message_is_found(world: World) -> None:
    world.publish()
    decided(world, "Höfe")
    world.relay()
    assert asked(world) == 1  # and nobody works on it
    assert reconcile() == 1
    world.work("export")
    assert names(world) == ["Höfe"]


def test_the_schedule_looks_for_lost_messages(world: World) -> None:
    world.publish()
    decided(world, "Höfe")
    world.relay()
    assert asked(world) == 1  # and nobody works on it
    world.reconcile()
    world.work("export")
    assert names(world) == ["Höfe"]


def test_a_lost_message_about_an_erased_report_is_found(world: World) -> None:
    world.publish()
    decided(world, "Höfe")
    world.drain()
    world.post(f"{world.mails[-1].receipt}/erase", {"confirm": True})
    world.stream()
    assert reconcile() == 1
    world.work("export")
    assert names(world) == []


def test_a_landscape_that_is_read_long_after_the_last_change_rests(world: World) -> None:
    world.publish()
    assert reconcile() == 0  # nothing was ever decided
    decided(world, "Höfe")
    world.drain()
    assert reconcile() == 1  # the index may have been behind
    world.messages("export")
    later = PATIENCE + timedelta(seconds=10)
    with world.border.aside():
        refresh(LandscapeJob(call="small-call", asked_at=stamp(now() + later)), clock=lambda: now() + later)
    assert reconcile() == 0


@pytest.mark.parametrize(
    "other",
    [{"title": {"de": "Anders", "en": "Other"}}, {"closes_at": OPENS + timedelta(days=1)}],
    ids=["new title", "closed"],
)
def test_a_call_that_changes_changes_its_landscape(world: World, other: dict[str, Any]) -> None:
    call: Call = call_of()
    world.publish(call)
    decided(world, "Höfe")
    world.drain()
    world.publish(replace(call, **other))
    assert reconcile(hours=1) == 1


def test_a_message_about_a_call_that_is_gone_does_nothing(world: World) -> None:
    world.put("export", '{"call":"no-such-call","asked_at":"2026-05-04T12:00:00.000Z"}')
    assert world.work("export") == []


# How it is given


def test_any_site_may_show_it_and_nobody_from_memory(world: World) -> None:
    world.publish()
    for kind in ("json", "geojson"):
        answer = world.get(f"{ADDRESS}.{kind}", {"Origin": "https://elsewhere.example.org"})
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "no-cache" in answer.headers["Cache-Control"]
        again = world.get(f"{ADDRESS}.{kind}", {"If-None-Match": answer.headers["ETag"]})
        assert (again.status, again.body) == (304, "")


def test_a_call_that_is_not_there_has_none(world: World) -> None:
    assert world.get("/calls/no-such-call/landscape.json").status == 404
    assert world.get("/calls/no-such-call/landscape.geojson").status == 404


def test_a_large_one_is_fetched_by_a_link(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish()
    decided(world, "Höfe")
    world.drain()
    monkeypatch.setattr(storage, "LARGEST", 100)
    answer = world.get(f"{ADDRESS}.json")
    assert answer.status == 302
    assert "/landscape/small-call/landscape.json?" in answer.headers["Location"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_page_may_run_its_own_script_and_stand_in_no_frame(world: World) -> None:
    world.publish()
    decided(world, "Höfe")
    world.drain()
    answer = world.get(ADDRESS, accept=BROWSER)
    assert "Höfe" in answer.body
    policy = answer.headers["Content-Security-Policy"]
    assert policy == f"{policy_of(answer.body)}; frame-ancestors 'none'"
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert world.get(ADDRESS, {"If-None-Match": answer.headers["ETag"]}, accept=BROWSER).status == 304


def test_the_page_of_a_call_where_nothing_was_decided_is_a_page(world: World) -> None:
    world.publish()
    answer = world.get(ADDRESS, accept=BROWSER)
    assert answer.status == 200
    assert "Hier ist noch nichts zu sehen." in answer.body


def test_a_large_page_is_fetched_by_a_link(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish()
    decided(world, "Höfe")
    world.drain()
    monkeypatch.setattr(storage, "LARGEST", 100)
    assert "/landscape/small-call/landscape.html?" in world.get(ADDRESS, accept=BROWSER).headers["Location"]


def test_pages_of_the_call_link_to_it_once_there_is_something_to_see(world: World) -> None:
    world.publish()
    shown = world.submit(answers(email="z@example.org")).json["reference"]
    pages = ("/calls/small-call", f"/calls/small-call/thanks/{shown}")
    for page in pages:
        assert "small-call/landscape" not in world.get(page, accept=BROWSER).body
    decided(world, "Höfe")
    forget_landscapes()
    for page in pages:
        assert "small-call/landscape?lang=de" in world.get(page, accept=BROWSER).body
    forget_landscapes()
    world.border.fail("Query", throttled(), times=9)
    assert world.get(pages[1], accept=BROWSER).status == 200


def test_a_call_that_is_published_anew_changes_its_landscape_at_once(world: World, tmp_path: Path) -> None:
    file = tmp_path / "kosi-lab-dortmund.yaml"
    written = (PROJECT / "calls" / file.name).read_text(encoding="utf-8")
    file.write_text(written, encoding="utf-8")
    assert publish_file(file)[1]
    assert world.messages("export") == [], "there is nothing to show yet"
    assert not publish_file(file)[1]
    assert world.messages("export") == []
    title = read_call_file(file)[0].title["de"]
    file.write_text(written.replace(title, "Der neue Aufruf"), encoding="utf-8")
    assert publish_file(file)[1]
    world.drain()
    assert world.get("/calls/kosi-lab-dortmund/landscape.json").json["title"]["de"] == "Der neue Aufruf"
