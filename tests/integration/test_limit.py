"""A call that takes only so many: counted beside the way, soft, and said in words."""

import json

from msgspec.structs import replace

from chalicelib.calls.call import Policy
from chalicelib.calls.checks import check
from chalicelib.calls.table import read_call
from tests.builders import answers, call_of
from tests.integration.world import BROWSER, World

LIMITED = call_of(policy=Policy(tickets="optional", shards=2, limit=2))


def confirmed(world: World, name: str) -> str:
    """Report and confirm; gives the receipt's path."""
    assert world.submit(answers(name=name), key=name).status == 201
    world.drain()
    receipt = world.mails[-1].receipt
    assert world.post(f"{receipt}/confirm").status == 200
    return receipt


def full_world(world: World) -> str:
    world.publish(LIMITED)
    confirmed(world, "one")
    receipt = confirmed(world, "two")
    world.reconcile()
    return receipt


def test_what_nobody_confirmed_does_not_count(world: World) -> None:
    world.publish(LIMITED)
    for name in ("one", "two", "three"):
        assert world.submit(answers(name=name)).status == 201
    world.reconcile()
    assert world.submit(answers(name="four")).status == 201


def test_a_full_call_takes_no_more_and_says_so(world: World) -> None:
    full_world(world)
    refused = world.submit(answers(name="three"))
    assert (refused.status, refused.json["code"]) == (403, "call-full")
    assert "so viele Meldungen" in refused.json["title"]
    assert world.get("/calls/small-call").json["phase"] == "full"
    assert world.get("/").json["calls"] == []
    assert world.post("/calls/small-call/tickets").json["code"] == "call-full"
    for page in ("/calls/small-call?lang=en", "/calls/small-call/form?lang=en"):
        shown = world.get(page, accept=BROWSER)
        assert "as many reports as it can take" in shown.body
        assert "<form" not in shown.body


def test_a_repeat_of_what_was_taken_still_gets_its_answer(world: World) -> None:
    full_world(world)
    again = world.submit(answers(name="two"), key="two")
    assert (again.status, again.headers["Idempotent-Replayed"]) == (200, "true")


def test_a_withdrawal_makes_room_again(world: World) -> None:
    receipt = full_world(world)
    assert world.post(f"{receipt}/withdraw").status == 200
    world.reconcile()
    assert world.submit(answers(name="three")).status == 201


def test_a_new_version_with_a_higher_limit_is_open_at_once(world: World) -> None:
    full_world(world)
    world.publish(replace(LIMITED, policy=replace(LIMITED.policy, limit=3)))
    assert world.submit(answers(name="three")).status == 201


def test_that_it_is_full_is_no_part_of_the_definition(world: World) -> None:
    full_world(world)
    with world.border.aside():
        published = read_call("small-call")
    assert published is not None
    assert published.call.full
    assert published.version == 1
    assert [finding.path for finding in check(published.call)] == ["full"]
    assert json.loads(next(item["definition"]["S"] for item in world.items("calls"))).get("full", False) is False
