"""Copies of the nightly export in a bucket of the city's own."""

import json
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.calls.call import Exports, Push
from chalicelib.runtime.settings import settings
from tests.aws import refused
from tests.builders import call_of
from tests.integration.world import BROWSER, World

CITY = "city-of-dortmund"


@pytest.fixture
def pushing(world: World) -> World:
    """A call whose exports go to the city, too, and one submission."""
    with world.border.aside():
        world._s3.create_bucket(Bucket=CITY, CreateBucketConfiguration={"LocationConstraint": settings().region})
    world.publish(call_of(exports=Exports(push=Push(CITY, "open-data"))))
    world.submit()
    world.drain()
    return world


def copies(world: World) -> dict[str, bytes]:
    """What the city has."""
    with world.border.aside():
        listed = world._s3.list_objects_v2(Bucket=CITY).get("Contents", [])
        return {one["Key"]: world._s3.get_object(Bucket=CITY, Key=one["Key"])["Body"].read() for one in listed}


def ours(world: World, export_id: str) -> dict[str, bytes]:
    prefix = f"exports/small-call/{export_id}/"
    return {key.removeprefix(prefix): text for key, text in world.files().items() if key.startswith(prefix)}


def test_the_city_gets_every_file_of_a_nightly_export_and_the_manifest_last(pushing: World) -> None:
    [asked] = pushing.nightly()
    pushing.drain()
    folder = f"open-data/small-call/{asked['export_id']}/"
    found = {key.removeprefix(folder): content for key, content in copies(pushing).items()}
    assert found == ours(pushing, asked["export_id"])
    written = [call.parameters["Key"] for call in pushing.border.calls if call.operation == "CopyObject"]
    assert written[-1] == f"{folder}manifest.json"
    assert len(written) == len(found)


def test_a_copy_may_be_made_again(pushing: World) -> None:
    [asked] = pushing.nightly()
    pushing.drain()
    before = copies(pushing)
    pushing.put("export", json.dumps({"call": "small-call", "pushed": asked["export_id"]}))
    assert pushing.work("export") == []
    assert copies(pushing) == before


def test_a_copy_that_is_refused_comes_back_and_is_made_once_the_city_lets_it(pushing: World) -> None:
    [asked] = pushing.nightly()
    pushing.border.fail("CopyObject", refused("AccessDenied", 403), skip=3)
    pushing.work("export")
    assert len(pushing.work("export")) == 1, "the message stays"
    assert not [key for key in copies(pushing) if key.endswith("manifest.json")]
    pushing.drain()
    assert len(copies(pushing)) == len(ours(pushing, asked["export_id"]))


def test_only_what_the_night_makes_is_copied_and_only_where_the_call_says_so(pushing: World) -> None:
    answer = pushing.post("/organiser/calls/small-call/exports", {}, pushing.token())
    assert answer.status in {201, 202, 303}, answer.body
    pushing.drain()
    assert copies(pushing) == {}
    pushing.publish(call_of())
    pushing.nightly()
    pushing.drain()
    assert copies(pushing) == {}


def page(world: World) -> str:
    answer = world.get("/organiser/calls/small-call/exports?lang=de", world.token("viewer"), BROWSER)
    assert answer.status == 200
    return answer.body


def told(world: World, export_id: str) -> dict[str, Any]:
    """What programs hear of the copy."""
    document = world.get(f"/organiser/calls/small-call/exports/{export_id}", world.token("viewer")).json
    return {name: value for name, value in document.items() if name.startswith("push")}


def test_organisers_see_whether_the_city_has_its_copy(pushing: World) -> None:
    assert "erste Kopie" in page(pushing)
    [asked] = pushing.nightly()
    pushing.drain()
    assert list(told(pushing, asked["export_id"])) == ["pushed_at"]
    assert "zuletzt am" in page(pushing)
    assert "seit" not in page(pushing)
    pushing.publish(call_of())
    assert "Bucket" not in page(pushing), "only where the call has them made"


@pytest.mark.parametrize(
    ("fault", "cause", "words"),
    [
        (refused("AccessDenied", 403), "refused", "lässt uns nicht schreiben"),
        (refused("NoSuchBucket", 404), "no-bucket", "gibt es nicht"),
        (refused("InvalidRequest", 400), "other", "abgelehnt"),
        (refused("SlowDown", 503), "unreachable", "nicht geantwortet"),
        (EndpointConnectionError(endpoint_url="https://s3"), "unreachable", "nicht geantwortet"),
    ],
)
def test_organisers_see_since_when_a_copy_fails_and_why(
    pushing: World, fault: Exception, cause: str, words: str
) -> None:
    [asked] = pushing.nightly()
    pushing.border.fail("CopyObject", fault)
    pushing.work("export")
    assert pushing.work("export"), "the message stays"
    first = told(pushing, asked["export_id"])
    assert first["push_cause"] == cause
    assert words in page(pushing)
    assert "schlägt seit" in page(pushing)
    pushing.border.fail("CopyObject", refused("AccessDenied", 403))
    assert pushing.work("export")
    assert told(pushing, asked["export_id"]) == {**first, "push_cause": "refused"}, "since the first time"
    pushing.drain()
    assert list(told(pushing, asked["export_id"])) == ["pushed_at"]
    assert "schlägt seit" not in page(pushing)


def test_a_copy_whose_failure_cannot_be_written_down_fails_all_the_same_and_is_made_later(pushing: World) -> None:
    [asked] = pushing.nightly()
    pushing.border.fail("CopyObject", refused("AccessDenied", 403))
    pushing.work("export")
    pushing.border.fail("CopyObject", refused("AccessDenied", 403))
    pushing.border.fail("UpdateItem", refused("InternalServerError", 500))
    assert pushing.work("export"), "the message stays"
    pushing.drain()
    assert list(told(pushing, asked["export_id"])) == ["pushed_at"]


def test_a_copy_that_is_there_is_not_said_to_fail(pushing: World) -> None:
    [asked] = pushing.nightly()
    pushing.drain()
    before = told(pushing, asked["export_id"])
    again = json.dumps({"call": "small-call", "pushed": asked["export_id"]})
    pushing.put("export", again)
    pushing.border.fail("CopyObject", refused("AccessDenied", 403))
    assert pushing.work("export") == [again]
    assert told(pushing, asked["export_id"]) == before
