"""Sessions of the organisers' area: who is in, until when, and what their browser must say."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from chalicelib.access.sessions import COOKIE, IDLE, LONGEST, NOTED_EVERY, read_session
from chalicelib.calls.call import Organiser
from chalicelib.runtime.clock import now
from chalicelib.runtime.settings import settings
from tests.builders import call_of
from tests.integration.world import BROWSER, World

EXPORTS = "/organiser/calls/small-call/exports"


@pytest.fixture(autouse=True)
def call(world: World) -> None:
    world.publish()


def test_an_organiser_is_let_in_by_a_session(world: World) -> None:
    login = world.session()
    assert world.get(EXPORTS, login).status == 200
    assert world.post(EXPORTS, headers=login).status == 202


def test_a_session_ends_when_nobody_was_there_for_half_a_day(world: World) -> None:
    assert world.get(EXPORTS, world.session(since=IDLE - timedelta(seconds=5))).status == 200
    assert world.get(EXPORTS, world.session(since=IDLE)).status == 401


def test_a_session_goes_on_while_it_is_used_but_not_for_ever(world: World) -> None:
    secret = world.session()["Cookie"].partition("=")[2]
    moment = now()
    with world.border.aside():
        while moment < now() + LONGEST - timedelta(hours=8):
            assert read_session(secret, moment)
            moment += timedelta(hours=8)
        assert read_session(secret, now() + LONGEST) is None


def test_that_somebody_is_there_is_not_written_down_each_time(world: World) -> None:
    login = world.session(since=NOTED_EVERY)
    world.get(EXPORTS, login)
    world.border.forget()
    for _ in range(3):
        world.get(EXPORTS, login)
    assert "UpdateItem" not in world.border.operations
    fresh = world.session(since=NOTED_EVERY + timedelta(minutes=1))
    world.border.forget()
    world.get(EXPORTS, fresh)
    assert world.border.operations.count("UpdateItem") == 1


def test_whoever_is_taken_off_the_list_is_out_at_once(world: World) -> None:
    login = world.session("moderator@example.org")
    assert world.get(EXPORTS, login).status == 200
    world.publish(replace(call_of(), organisers=(Organiser("owner@example.org", "owner"),)))
    assert world.get(EXPORTS, login).status == 404


def test_somebody_may_have_another_role_in_another_call(world: World) -> None:
    world.publish(call_of(name="other-call", organisers=(Organiser("Owner@Example.org ", "viewer"),)))
    login = world.session("owner@example.org")
    assert world.get("/organiser/calls/other-call/exports", login).status == 200
    assert world.get(EXPORTS, world.session("nobody@example.org")).status == 404


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://aufruf.example.org", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_a_post_with_a_cookie_comes_from_our_own_pages_or_is_refused(world: World, said: dict[str, str]) -> None:
    cookie = {"Cookie": world.session()["Cookie"]}
    refused = world.post(EXPORTS, headers=cookie | said)
    assert (refused.status, refused.json["code"]) == (403, "foreign-origin")
    assert world.items("exports") == []
    assert world.get(EXPORTS, cookie | said).status == 200, "looking changes nothing"


@pytest.mark.parametrize("said", [{"Origin": "https://aufruf.example.org"}, {"Sec-Fetch-Site": "same-origin"}], ids=str)
def test_a_post_of_our_own_pages_is_taken(world: World, said: dict[str, str]) -> None:
    assert world.post(EXPORTS, headers={"Cookie": world.session()["Cookie"]} | said).status == 202


@pytest.mark.parametrize("cookie", ["", "x", "__Host-session", "__Host-session=", "__Host-session=ü", "session=1; a=b"])
def test_no_other_cookie_is_a_session(world: World, cookie: str) -> None:
    assert world.get(EXPORTS, {"Cookie": cookie}).status == 401


def test_who_names_a_token_is_judged_by_it_alone(world: World) -> None:
    assert world.get(EXPORTS, world.session() | {"Authorization": "Bearer aufruf_guessed"}).status == 401


def test_a_session_is_stored_without_what_the_browser_keeps_and_without_the_address(world: World) -> None:
    secret = world.session()["Cookie"].removeprefix(f"{COOKIE}=")
    [stored] = world.items("access")
    assert secret not in str(stored)
    assert "owner@" not in str(stored)


@pytest.mark.parametrize(
    ("address", "location"),
    [
        (EXPORTS, "../../../organiser/login?next=organiser%2Fcalls%2Fsmall-call%2Fexports"),
        (f"{EXPORTS}?lang=en&q=Ada", "../../../organiser/login?next=organiser%2Fcalls%2Fsmall-call%2Fexports&lang=en"),
    ],
)
def test_a_browser_without_a_login_is_sent_to_where_one_logs_in(world: World, address: str, location: str) -> None:
    sent = world.get(address, accept=BROWSER)
    assert (sent.status, sent.headers["Location"]) == (303, location)
    assert sent.headers["Cache-Control"] == "no-store"


def test_the_origin_of_the_public_address_is_what_counts(world: World) -> None:
    assert settings().public_url == "https://aufruf.example.org"
    given = {"Cookie": world.session()["Cookie"], "Origin": "https://internal.example", "Host": "internal.example"}
    assert world.post(EXPORTS, headers=given).status == 202, "or the host that it came to"
