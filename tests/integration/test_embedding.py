"""Pages of other sites: which may read and send, what they are told, and where a browser goes afterwards."""

import re
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.calls.call import Call, Policy
from chalicelib.intake.embedding import embed_script
from chalicelib.runtime.settings import settings
from tests.builders import answers, call_of
from tests.integration.world import BROWSER, Answer, World

CITY = "https://www.city.example"
STRANGER = "https://evil.example"
CALL = "/calls/small-call"
PUBLIC = [("GET", CALL), ("GET", f"{CALL}/schema.json"), ("POST", f"{CALL}/tickets"), ("POST", f"{CALL}/submissions")]
# What a browser says of a plain form on a page of CITY, and of a stranger.
FROM_CITY = {"Origin": CITY, "Sec-Fetch-Site": "cross-site"}
FROM_STRANGER = {"Origin": STRANGER, "Sec-Fetch-Site": "cross-site"}
FIELDS = answers(privacy="on", publish="on")


def open_call(**policy: Any) -> Call:
    allowed = Policy(tickets="optional", shards=2, origins=(CITY,), next={"thanks": "https://www.city.example/danke"})
    return call_of(policy=replace(allowed, **policy))


def cors(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("Access-Control-")}


def readable(answer: Answer, origin: str = CITY) -> bool:
    return answer.headers.get("Access-Control-Allow-Origin") == origin


# Reading


@pytest.mark.parametrize(("method", "address"), PUBLIC)
def test_a_listed_site_may_read_what_is_public(world: World, method: str, address: str) -> None:
    world.publish(open_call())
    body = {"answers": answers()} if address.endswith("submissions") else None
    answer = world.get(address, FROM_CITY) if method == "GET" else world.post(address, body, FROM_CITY)
    assert answer.status in (200, 201)
    assert readable(answer)
    assert "Origin" in answer.headers["Vary"].split(", ")
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_listed_site_may_read_refusals_too(world: World) -> None:
    world.publish(open_call(tickets="required"))
    for status, answer in (
        (422, world.post(f"{CALL}/submissions", {"answers": {}, "ticket": ticket(world)}, FROM_CITY)),
        (403, world.post(f"{CALL}/submissions", {"answers": answers()}, FROM_CITY)),
        (415, world.request("POST", f"{CALL}/submissions", body=b"?", headers={**FROM_CITY, "Content-Type": "a/b"})),
    ):
        assert (answer.status, readable(answer)) == (status, True)


def ticket(world: World) -> str:
    return str(world.post(f"{CALL}/tickets").json["ticket"])


@pytest.mark.parametrize(("method", "address"), PUBLIC)
@pytest.mark.parametrize("origin", [STRANGER, "null", CITY.upper(), f"{CITY}:8443", "http://www.city.example"])
def test_any_other_site_may_not(world: World, method: str, address: str, origin: str) -> None:
    world.publish(open_call())
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "content-type"}
    preflight = world.request("OPTIONS", address, headers={"Origin": origin, **asked})
    answer = world.request(method, address, headers={"Origin": origin, "Accept": "application/json"})
    assert cors(preflight) == cors(answer) == {}
    assert "Origin" in preflight.headers["Vary"]
    assert "Origin" in answer.headers["Vary"].split(", ")


@pytest.mark.parametrize(("method", "address"), PUBLIC)
def test_preflight_of_a_listed_site_is_answered(world: World, method: str, address: str) -> None:
    world.publish(open_call())
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "content-type"}
    answer = world.request("OPTIONS", address, headers={**FROM_CITY, **asked})
    assert (answer.status, answer.body) == (204, "")
    assert readable(answer)
    assert method in answer.headers["Access-Control-Allow-Methods"].split(", ")
    taken = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"content-type", "idempotency-key", "accept"} <= set(taken)


def test_one_call_says_nothing_for_another(world: World) -> None:
    world.publish(open_call())
    world.publish(call_of(name="other-call"))
    for address in ("/calls/other-call", "/calls/no-such-call"):
        assert cors(world.get(address, FROM_CITY)) == {}
        assert cors(world.request("OPTIONS", address, headers=FROM_CITY)) == {}


def test_what_is_private_is_shared_with_nobody(world: World) -> None:
    world.publish(open_call())
    world.submit()
    world.drain()
    receipt = world.mails[0].receipt
    token = world.token()
    for address in (receipt, f"{CALL}/form", f"{CALL}/thanks/K7Q4-9XMD-2RTB", "/organiser/calls/small-call/exports"):
        answer = world.get(address, {**FROM_CITY, **token})
        assert cors(answer) == {}
        preflight = world.request("OPTIONS", address, headers=FROM_CITY)
        assert (preflight.status, cors(preflight)) == (405, {})
        assert "OPTIONS" not in preflight.headers["Allow"].split(", ")


def test_what_is_not_answered_is_told_with_the_methods_that_are(world: World) -> None:
    world.publish(open_call())
    for address, allowed in ((CALL, "GET, HEAD, OPTIONS"), (f"{CALL}/submissions", "OPTIONS, POST")):
        answer = world.request("DELETE", address, headers=FROM_CITY)
        assert (answer.status, answer.headers["Allow"]) == (405, allowed)
        assert world.request("OPTIONS", address).headers["Allow"] == allowed


# Sending


def test_a_plain_form_of_a_listed_site_ends_on_the_page_the_call_names(world: World) -> None:
    world.publish(open_call())
    answer = world.post_form(f"{CALL}/submissions?lang=de", {**FIELDS, "_next": "thanks"}, FROM_CITY)
    assert answer.status == 303
    found = re.fullmatch(r"https://www\.city\.example/danke\?reference=([0-9A-Z-]{14})", answer.headers["Location"])
    assert found is not None
    assert world.stored(found[1]) is not None


@pytest.mark.parametrize(
    "named", ["", "other", "https://evil.example", "//evil.example/", "https://www.city.example/danke"]
)
def test_an_address_is_never_taken_from_a_form(world: World, named: str) -> None:
    world.publish(open_call())
    answer = world.post_form(f"{CALL}/submissions?lang=de", {**FIELDS, "_next": named}, FROM_CITY)
    assert answer.status == 303
    assert re.fullmatch(r"thanks/[0-9A-Z-]{14}\?lang=de", answer.headers["Location"])


def test_json_is_always_told_of_our_own_thank_you_page(world: World) -> None:
    world.publish(open_call())
    answer = world.post_form(f"{CALL}/submissions", {**FIELDS, "_next": "thanks"}, accept="application/json")
    assert answer.status == 201
    assert answer.headers["Location"].startswith("thanks/")


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_form_of_any_other_site_is_refused_and_what_was_typed_is_kept(world: World, language: str) -> None:
    world.publish(open_call())
    answer = world.post_form(f"{CALL}/submissions?lang={language}", FIELDS, FROM_STRANGER)
    assert (answer.status, answer.kind) == (403, "text/html")
    words = {
        "de": "Die Website, von der Sie kommen, darf keine Meldungen an diesen Aufruf senden.",
        "en": "The website you came from may not send reports to this call.",
    }
    assert words[language] in answer.body
    assert 'value="Grüne Höfe"' in answer.body
    assert "checked" in answer.body
    # From there it can be sent: the page is ours, and carries a ticket.
    fresh = re.search(r'name="_ticket" value="([^"]+)"', answer.body)
    assert fresh is not None
    headers = {"Origin": settings().public_url, "Sec-Fetch-Site": "same-origin"}
    world.publish(open_call(ticket_min_seconds=0))
    assert world.post_form(f"{CALL}/submissions", {**FIELDS, "_ticket": fresh[1]}, headers).status == 303


def test_json_of_any_other_site_is_refused_by_name(world: World) -> None:
    world.publish(open_call())
    for address in (f"{CALL}/submissions", f"{CALL}/tickets"):
        answer = world.post(address, {"answers": answers()}, FROM_STRANGER)
        assert (answer.status, answer.json["code"], answer.json["origin"]) == (403, "origin-refused", STRANGER)
    assert world.stream() == []


def test_a_server_names_no_origin_and_is_taken(world: World) -> None:
    world.publish(call_of())
    assert world.submit().status == 201
    assert world.post_form(f"{CALL}/submissions", FIELDS).status == 303


def test_our_own_pages_may_always_send(world: World) -> None:
    world.publish(call_of())
    for headers in (
        {"Origin": settings().public_url},
        {"Origin": "http://localhost:8000", "X-Forwarded-Host": "localhost:8000"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    ):
        assert world.post_form(f"{CALL}/submissions", FIELDS, headers).status == 303


def test_our_pages_with_the_form_do_not_hide_their_origin_from_us(world: World) -> None:
    world.publish(call_of())
    for answer in (
        world.get(f"{CALL}/form", accept=BROWSER),
        world.post_form(f"{CALL}/submissions", {}),
    ):
        assert answer.headers["Referrer-Policy"] == "same-origin"


# The script


def test_the_script_is_there_for_every_site_and_asked_for_again_soon(world: World) -> None:
    answer = world.get("/embed.js", FROM_STRANGER)
    assert (answer.status, answer.kind) == (200, "text/javascript")
    assert answer.body == embed_script()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "public, max-age=300"

    tag = answer.headers["ETag"]
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        same = world.get("/embed.js", {"If-None-Match": known})
        assert (same.status, same.body, same.headers["ETag"]) == (304, "", tag)
    assert world.get("/embed.js", {"If-None-Match": '"other"'}).status == 200


def test_the_definition_holds_what_a_form_elsewhere_needs(world: World) -> None:
    world.publish(open_call())
    document = world.get(CALL, FROM_CITY).json
    assert document["phase"] == "open"
    fields = {one["id"]: one for step in document["form"]["steps"] for one in step["fields"]}
    assert (fields["name"]["max_length"], fields["theme_other"]["max_length"]) == (40, 200)
    assert fields["themes"]["max_length"] is None
    assert document["policy"] == {"tickets": "optional", "proof_of_work": "optional", "unconfirmed_days": 7}
    assert "origins" not in str(document)
