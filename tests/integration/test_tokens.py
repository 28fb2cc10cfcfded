"""API tokens that organisers make: seen once, good as far as their maker is, revoked at once."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.access.table import audit_of
from chalicelib.calls.call import Organiser
from tests.builders import call_of
from tests.integration.world import BROWSER, World

TOKENS = "/organiser/tokens"
EXPORTS = "/organiser/calls/small-call/exports"
WANTED = {"name": "Nightly", "role": "viewer", "calls": ["small-call"], "days": 30}


@pytest.fixture(autouse=True)
def call(world: World) -> None:
    world.publish()


def made(world: World, login: dict[str, str], **changes: Any) -> dict[str, Any]:
    answer = world.post(TOKENS, WANTED | changes, login)
    assert answer.status == 201, answer.body
    document: dict[str, Any] = answer.json
    return document


def bearer(token: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {token['token']}"}


def test_a_token_is_seen_once_and_opens_what_it_says(world: World) -> None:
    login = world.session("moderator@example.org")
    token = made(world, login)
    assert world.get(EXPORTS, bearer(token)).status == 200
    assert world.post("/organiser/calls/small-call/decisions", {}, bearer(token)).status == 404, "a viewer's"
    [listed] = world.get(TOKENS, login).json["tokens"]
    assert listed["name"] == "Nightly (moderator@example.org)"
    assert listed["used_at"] is not None
    assert "token" not in listed
    assert token["token"] not in str(world.items("access"))
    with world.border.aside():
        assert ("moderator@example.org", "token-made", "viewer 30") in [
            (who, event, detail) for _, who, event, detail in audit_of("call#small-call")
        ]


def test_a_revoked_token_is_good_for_nothing(world: World) -> None:
    login = world.session()
    token = made(world, login)
    other = world.session("moderator@example.org")
    assert world.post(f"{TOKENS}/revoke", {"id": token["id"]}, other).json == {"tokens": []}
    assert world.get(EXPORTS, bearer(token)).status == 200, "only one's own"
    assert (
        world.post_form(f"{TOKENS}/revoke", {"id": token["id"]}, login).headers["Location"] == "../tokens?done=revoked"
    )
    assert world.get(EXPORTS, bearer(token)).status == 401


def test_a_token_reaches_no_further_than_its_maker_does_today(world: World) -> None:
    token = made(world, world.session(), role="owner")
    decisions = "/organiser/calls/small-call/decisions"
    assert world.post(decisions, {}, bearer(token)).status == 422
    world.publish(replace(call_of(), organisers=(Organiser("owner@example.org", "viewer"),)))
    assert world.post(decisions, {}, bearer(token)).status == 404
    assert world.get(EXPORTS, bearer(token)).status == 200
    world.publish(replace(call_of(), organisers=(Organiser("new@example.org", "owner"),)))
    assert world.get(EXPORTS, bearer(token)).status == 404


def test_a_token_makes_no_tokens(world: World) -> None:
    token = made(world, world.session(), role="owner")
    for login in (bearer(token), world.token()):
        assert world.post(TOKENS, WANTED, login).status == world.get(TOKENS, login).status == 404


def test_that_a_token_is_used_is_not_written_down_each_time(world: World) -> None:
    token = made(world, world.session())
    world.get(EXPORTS, bearer(token))
    world.border.forget()
    for _ in range(3):
        world.get(EXPORTS, bearer(token))
    assert "UpdateItem" not in world.border.operations


def test_a_browser_sees_the_token_and_its_form_again_with_what_is_wrong(world: World) -> None:
    login = world.session()
    page = world.post_form(
        f"{TOKENS}?lang=en", {"name": "N", "role": "owner", "calls": "small-call", "days": "7"}, login
    )
    assert page.status == 201
    assert page.body.count("aufruf_") == 1
    assert page.headers["Cache-Control"] == "no-store"
    assert "aufruf_" not in world.get(TOKENS, login, accept=BROWSER).body
    wrong = world.post_form(f"{TOKENS}?lang=en", {"name": "<b>", "days": "0"}, login)
    assert wrong.status == 422
    assert 'value="&lt;b&gt;"' in wrong.body
    assert 'href="#field-calls"' in wrong.body
    assert 'href="#field-days"' in wrong.body
