"""CORS headers: who gets which."""

import pytest

from chalicelib.web.cors import preflight, shared
from chalicelib.web.reply import Reply, json_reply

ORIGIN = "https://www.city.example"


def cors_headers(reply: Reply) -> dict[str, str]:
    return {name: value for name, value in reply.headers.items() if name.startswith("Access-Control-")}


def test_an_allowed_origin_may_read_the_answer_and_what_a_script_needs_of_its_headers() -> None:
    reply = shared(json_reply({}, status=503), ORIGIN, allowed=True)
    assert reply.status == 503
    assert cors_headers(reply) == {
        "Access-Control-Allow-Origin": ORIGIN,
        "Access-Control-Expose-Headers": "Idempotent-Replayed, Location, Retry-After",
    }


@pytest.mark.parametrize(("origin", "allowed"), [(ORIGIN, False), (None, False), (None, True)])
def test_any_other_gets_the_answer_without_a_word_about_it(origin: str | None, allowed: bool) -> None:
    assert cors_headers(shared(json_reply({}), origin, allowed=allowed)) == {}
    assert cors_headers(preflight(origin, ["POST"], allowed=allowed)) == {}


def test_caches_keep_the_answers_to_different_origins_apart() -> None:
    assert shared(json_reply({}), None, allowed=False).headers["Vary"] == "Origin"
    varied = json_reply({}, headers={"Vary": "Accept, Accept-Language"})
    assert shared(varied, ORIGIN, allowed=True).headers["Vary"] == "Accept, Accept-Language, Origin"
    assert shared(shared(varied, ORIGIN, allowed=True), ORIGIN, allowed=True).headers["Vary"].count("Origin") == 1


def test_preflight_says_what_may_be_sent() -> None:
    reply = preflight(ORIGIN, ["POST", "OPTIONS"], allowed=True)
    assert (reply.status, reply.body) == (204, "")
    assert reply.headers["Allow"] == "OPTIONS, POST"
    assert reply.headers["Access-Control-Allow-Methods"] == "OPTIONS, POST"
    assert reply.headers["Access-Control-Allow-Headers"] == "Accept, Content-Type, Idempotency-Key"
    assert int(reply.headers["Access-Control-Max-Age"]) > 0


def test_credentials_are_never_taken() -> None:
    for reply in (preflight(ORIGIN, ["POST"], allowed=True), shared(json_reply({}), ORIGIN, allowed=True)):
        assert "Access-Control-Allow-Credentials" not in reply.headers
        assert reply.headers["Access-Control-Allow-Origin"] == ORIGIN
