"""Organiser routes: who may see what of which call, and the trail it leaves."""

import json
from datetime import timedelta
from typing import Any

import pytest
import requests

from chalicelib.access.roles import Person
from chalicelib.access.table import audit_of
from chalicelib.access.tokens import issue_token
from chalicelib.runtime.clock import now
from tests.aws import throttled
from tests.builders import call_of
from tests.integration.world import World

EXPORTS = "/organiser/calls/small-call/exports"


def ready(world: World) -> str:
    """An export that can be downloaded."""
    world.publish()
    world.submit()
    world.drain()
    [asked] = world.nightly()
    world.drain()
    return str(asked["export_id"])


def trail(world: World, call: str = "small-call") -> list[tuple[str, str, str | None]]:
    """Who did what, in short."""
    with world.border.aside():
        return [(who, event, detail) for _, who, event, detail in audit_of(f"call#{call}")]


def addresses(export_id: str, call: str = "small-call") -> list[str]:
    here = f"/organiser/calls/{call}/exports"
    return [here, f"{here}/{export_id}", f"{here}/{export_id}/files/submissions.json"]


@pytest.mark.parametrize(
    "login",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer aufruf_guessed"},
        {"Authorization": "Basic ZXZhOmV2YQ=="},
        {"Authorization": "aufruf_guessed"},
    ],
    ids=range(7),
)
def test_nobody_gets_in_without_a_good_token(world: World, login: dict[str, str]) -> None:
    export_id = ready(world)
    for address in addresses(export_id):
        answer = world.get(address, login | {"Accept-Language": "de"})
        assert (answer.status, answer.json["code"]) == (401, "login-needed")
        assert answer.json["title"] == "Dafür müssen Sie angemeldet sein."
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert world.post(EXPORTS, headers=login).status == 401
    assert trail(world) == []


def test_an_expired_token_is_none(world: World) -> None:
    export_id = ready(world)
    with world.border.aside():
        token = issue_token(Person("Eva", "owner", ("*",)), now=now() - timedelta(days=2), lifetime=timedelta(days=1))
    assert world.get(addresses(export_id)[0], {"Authorization": f"Bearer {token}"}).status == 401


def test_organisers_of_another_call_are_told_that_there_is_nothing(world: World) -> None:
    export_id = ready(world)
    world.publish(call_of(name="other-call"))
    stranger = world.token("owner", "other-call")
    nothing = world.get("/nowhere", stranger).json
    for address in [*addresses(export_id), *addresses(export_id, "no-such-call")]:
        answer = world.get(address, stranger)
        assert (answer.status, answer.json) == (404, nothing)
    assert world.post(EXPORTS, headers=stranger).status == 404
    assert world.get(f"/organiser/calls/other-call/exports/{export_id}", stranger).status == 404
    assert trail(world) == []


@pytest.mark.parametrize("role", ["viewer", "moderator", "owner"])
def test_organisers_of_the_call_see_its_exports(world: World, role: Any) -> None:
    export_id = ready(world)
    login = world.token(role, "small-call")
    [listed] = world.get(EXPORTS, login).json["exports"]
    assert listed == world.get(f"{EXPORTS}/{export_id}", login).json
    assert (listed["export_id"], listed["state"], listed["counts"]["received"]) == (export_id, "ready", 1)
    assert {one["name"] for one in listed["files"]} >= {"submissions.json"}
    assert world.get(addresses(export_id)[2], login).status == 302


def test_the_word_bearer_may_be_written_in_any_case(world: World) -> None:
    ready(world)
    token = world.token()["Authorization"].removeprefix("Bearer ")
    assert world.get(EXPORTS, {"authorization": f"bEaReR  {token}"}).status == 200


@pytest.mark.parametrize("name", ["submissions.json", "manifest.json"])
def test_a_download_is_a_link_that_lives_for_a_minute_and_is_written_down(world: World, name: str) -> None:
    export_id = ready(world)
    answer = world.get(f"{EXPORTS}/{export_id}/files/{name}", world.token(name="Eva"))
    assert answer.status == 302
    assert "X-Amz-Expires=60" in answer.headers["Location"]
    assert answer.headers["Cache-Control"] == "no-store"
    file = requests.get(answer.headers["Location"], timeout=5)
    assert file.headers["Content-Disposition"] == f'attachment; filename="small-call-{export_id}-{name}"'
    assert file.json()["call"] == "small-call"
    assert trail(world) == [("Eva", "export-downloaded", f"{export_id}/{name}")]


def test_a_download_that_cannot_be_written_down_does_not_happen(world: World) -> None:
    export_id = ready(world)
    login = world.token()
    world.border.fail("PutItem", throttled())
    answer = world.get(addresses(export_id)[2], login)
    assert answer.status == 503
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    "name",
    ["other.json", "..%2Flatest.json", "..%2F..%2Fother-call%2Flatest.json", "submissions.json%00", "SUBMISSIONS.JSON"],
)
def test_no_other_file_can_be_downloaded(world: World, name: str) -> None:
    export_id = ready(world)
    assert world.get(f"{EXPORTS}/{export_id}/files/{name}", world.token()).status == 404
    assert trail(world) == []


def test_an_export_that_is_not_ready_cannot_be_downloaded(world: World) -> None:
    world.publish()
    [asked] = world.nightly()
    login = world.token()
    assert world.get(f"{EXPORTS}/{asked['export_id']}", login).json["state"] == "queued"
    assert world.get(addresses(asked["export_id"])[2], login).status == 404


def test_an_export_can_be_asked_for_and_watched(world: World) -> None:
    world.publish()
    world.submit()
    login = world.token("viewer", "small-call", name="Eva")
    asked = world.post(EXPORTS, headers=login)
    assert (asked.status, asked.json["state"], asked.json["requested_by"]) == (202, "queued", "Eva")
    export_id = asked.json["export_id"]
    assert asked.headers["Location"] == f"exports/{export_id}"
    world.work("export")
    assert world.get(f"{EXPORTS}/{export_id}", login).json["state"] == "ready"
    assert trail(world) == [("Eva", "export-requested", export_id)]


def test_nothing_of_the_organisers_is_kept_by_anything_in_between(world: World) -> None:
    export_id = ready(world)
    for address in addresses(export_id):
        assert world.get(address, world.token()).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["submissions-1.json", "manifest-1.json"])
def test_the_schemas_of_the_files_can_be_read_by_anybody_at_the_address_that_files_name(
    world: World, name: str
) -> None:
    export_id = ready(world)
    answer = world.get(f"/schemas/{name}")
    assert (answer.status, answer.kind) == (200, "application/schema+json")
    assert answer.json["$id"] == f"/schemas/{name}"
    plain = name.replace("-1", "")
    content = json.loads(world.files()[f"exports/small-call/{export_id}/{plain}"])
    assert content["$schema"] == f"https://aufruf.example.org/schemas/{name}"
