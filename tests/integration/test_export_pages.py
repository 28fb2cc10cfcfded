"""The organisers' pages on exports, and the two files that are for everybody."""

import json

import pytest

from chalicelib.exports import table
from chalicelib.exports.worker import work
from chalicelib.jobs.messages import ExportJob
from tests.aws import Crash
from tests.integration.test_exports import export_of, filled, later_than_any_lease
from tests.integration.world import BROWSER, World

PAGE = "/organiser/calls/small-call/exports"


def test_an_export_is_started_watched_and_downloaded_by_plain_form_posts(world: World) -> None:
    filled(world)
    login = world.token("viewer")
    assert "Es gibt noch keinen Export" in world.get(f"{PAGE}?lang=de", login, BROWSER).body
    started = world.post_form(PAGE, {}, login)
    assert started.status == 303
    [asked] = world.items("exports")
    name = asked["export_id"]["S"]
    assert started.headers["Location"] == f"exports/{name}"
    watched = world.get(f"{PAGE}/{name}?lang=de", login, BROWSER)
    assert watched.headers["Refresh"] == "3"
    assert "wartet" in watched.body
    world.drain()
    ready = world.get(f"{PAGE}/{name}?lang=de", login, BROWSER)
    assert "Refresh" not in ready.headers
    assert "Die Bilanz geht auf: 3 Meldungen sind eingegangen" in ready.body
    for one in table.find("small-call", name).summary.files:  # type: ignore[union-attr]
        assert f'href="{name}/files/{one.name}"' in ready.body
        assert one.sha256 in ready.body
    link = world.get(f"{PAGE}/{name}/files/submissions.xlsx", login)
    assert (link.status, "submissions.xlsx" in link.headers["Location"]) == (302, True)
    assert "ready" in world.get(f"{PAGE}?lang=en", login, BROWSER).body


def test_an_export_that_waits_is_cancelled_and_never_built(world: World) -> None:
    filled(world)
    login = world.token("viewer")
    name = world.post(PAGE, None, login).json["export_id"]
    cancelled = world.post_form(f"{PAGE}/{name}/cancel", {}, login)
    assert (cancelled.status, cancelled.headers["Location"]) == (303, f"../{name}")
    again = world.post(f"{PAGE}/{name}/cancel", None, login)
    assert (again.status, again.json["state"]) == (200, "cancelled")
    world.drain()
    assert export_of(world, name).state == "cancelled"
    assert not world.files()
    assert "abgebrochen" in world.get(f"{PAGE}/{name}?lang=de", login, BROWSER).body


@pytest.mark.usefixtures("in_parts")
def test_a_builder_that_is_cancelled_meanwhile_leaves_nothing_behind(world: World) -> None:
    filled(world)
    login = world.token("viewer")
    name = world.post(PAGE, None, login).json["export_id"]
    world.messages("export")

    def cancel(answer: object) -> object:
        world.border.answers.clear()
        assert world.post(f"{PAGE}/{name}/cancel", None, login).json["state"] == "cancelled"
        return answer

    world.border.answers["UploadPart"] = cancel
    work(ExportJob("small-call", name))
    assert export_of(world, name).state == "cancelled"
    assert not world.files()


def test_a_cancelled_export_is_not_taken_up_again(world: World) -> None:
    filled(world)
    login = world.token("viewer")
    name = world.post(PAGE, None, login).json["export_id"]
    world.border.fail("PutObject", Crash())
    with pytest.raises(Crash):
        world.work("export")
    world.post(f"{PAGE}/{name}/cancel", None, login)
    later = later_than_any_lease()
    work(ExportJob("small-call", name), clock=lambda: later)
    assert export_of(world, name).state == "cancelled"


def test_a_night_without_changes_is_noted(world: World) -> None:
    filled(world)
    world.nightly()
    world.drain()
    world.nightly("2026-05-06T01:00:00Z")
    login = world.token("viewer")
    [export] = world.get(PAGE, login).json["exports"]
    assert export["unchanged_at"] > export["snapshot_at"]
    assert "Seitdem hat sich nichts geändert" in world.get(f"{PAGE}?lang=de", login, BROWSER).body


@pytest.mark.parametrize(
    ("name", "kind"), [("balance.json", "application/json"), ("dcat.jsonld", "application/ld+json")]
)
def test_what_is_for_everybody_is_there_for_everybody(world: World, name: str, kind: str) -> None:
    filled(world)
    assert world.get(f"/calls/small-call/{name}").status == 404
    assert world.get(f"/calls/no-such-call/{name}").status == 404
    world.nightly()
    world.drain()
    shown = world.get(f"/calls/small-call/{name}")
    assert (shown.status, shown.kind) == (200, kind)
    assert shown.headers["Access-Control-Allow-Origin"] == "*"
    assert json.loads(shown.body)
