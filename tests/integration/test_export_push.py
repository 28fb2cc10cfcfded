"""Copies of the nightly export in a bucket of the city's own."""

import json

import pytest

from chalicelib.calls.call import Exports, Push
from chalicelib.runtime.settings import settings
from tests.aws import refused
from tests.builders import call_of
from tests.integration.world import World

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
