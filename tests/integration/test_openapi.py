"""What operations say they may refuse, they do refuse; and what the document itself answers.

The world holds every answer to the document (`conformance.py`); here are the answers that hold for all of a kind.
"""

import re
from typing import Any

import pytest

from chalicelib.calls.table import forget_calls
from chalicelib.errors import NotFound, Unavailable
from chalicelib.mail.unsubscribing import unsubscribe_address
from chalicelib.runtime.keys import keys
from chalicelib.web.bodies import BodyTooLarge
from chalicelib.web.door import Served, everything_served
from tests.aws import throttled
from tests.builders import answers, kosi
from tests.integration.conformance import document
from tests.integration.world import BROWSER, World

REFUSING = [(one, method) for one in everything_served() if one.about for method in one.methods]


def refusing(kind: type) -> list[Any]:
    return [
        pytest.param(one, method, id=f"{method} {one.path}")
        for one, method in REFUSING
        if one.about and kind in one.about.refuses
    ]


def body_of(one: Served) -> Any:
    """Something good to post."""
    if one.path.endswith("/erase"):
        return {"confirm": True}
    return {"email": "ada@example.org"} if one.path.endswith(("/links", "/login")) else {"answers": answers()}


def ask(world: World, one: Served, method: str, **names: str) -> Any:
    path = re.sub(r"{(\w+)}", lambda found: names.get(found[1], "x"), one.path)
    if method == "GET":
        # A document without a call is asked for by nobody's name.
        login = world.session() if path == "/organiser/login" else world.token()
        return world.get(path + ("?call=x" if path == "/openapi.json" else ""), login)
    if one.path.endswith("/form/{step}"):
        return world.post_form(path, {"name": "x"})
    login = world.session() if one.path == "/organiser/logout" else world.token()
    return world.post(path, body_of(one), login)


@pytest.mark.parametrize(("one", "method"), refusing(NotFound))
def test_what_is_not_there_is_not_found(world: World, one: Served, method: str) -> None:
    assert ask(world, one, method).status == 404


@pytest.mark.parametrize(("one", "method"), refusing(Unavailable))
def test_when_aws_is_not_there_nothing_is_half_done(world: World, one: Served, method: str) -> None:
    world.publish()
    world.submit()
    token = world.receipt().rpartition("/")[2]
    if "unsubscribe" in one.path:
        token = unsubscribe_address(keys(), "small-call", "ab" * 32).rpartition("/")[2]
    forget_calls()
    world.border.fail("*", throttled(), times=100)
    answer = ask(world, one, method, call="small-call", token=token, step="all", shown="000000000000")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")


@pytest.mark.parametrize(("one", "method"), refusing(BodyTooLarge))
@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{", 400),
        ("multipart/form-data", b"x", 400),
        ("application/json", b"[" * 70_000, 413),
        ("text/plain", b"x", 415),
        ("", b"x", 415),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    world: World, one: Served, method: str, kind: str, body: bytes, status: int
) -> None:
    world.publish()
    world.submit()
    names = {"token": world.receipt().rpartition("/")[2], "submission": world.submit().json["reference"]}
    text = {"subject_de": "Bald", "body_de": "Kommen Sie.", "subject_en": "Soon", "body_en": "Come."}
    written = world.post("/organiser/calls/small-call/announcements", text, world.token()).json["announcement"]
    if "import_id" in one.path:
        listed = {"Accept": "application/json", "Content-Type": "text/csv"} | world.token()
        brought = world.request("POST", "/organiser/calls/small-call/imports", body=b"name\nHof\n", headers=listed)
        names["import_id"] = brought.json["import_id"]
    path = one.path.format(call="small-call", step="all", announcement=written, **names)
    headers = {"Accept": "application/json"} | ({"Content-Type": kind} if kind else {})
    headers |= world.session() if one.about and one.about.login else {}
    assert world.request(method, path, body=body, headers=headers).status == status


def test_the_steps_of_a_form(world: World) -> None:
    world.publish(kosi())
    form = "/calls/kosi-lab-dortmund/form"
    assert world.get(f"{form}/initiative", accept=BROWSER).status == 200
    assert world.get(f"{form}/person", accept=BROWSER).headers["Location"] == "initiative?lang=de"
    assert world.get(f"{form}/check", accept=BROWSER).status == 303
    assert world.post_form(f"{form}/initiative", {"name": ""}).status == 422
    first = {"relation": "knows", "name": "Hof", "summary": "Nachbarn legen im Hof Beete an und teilen die Ernte."}
    kept = world.post_form(f"{form}/initiative", first)
    assert (kept.status, kept.headers["Location"]) == (303, "themes_and_places?lang=de")
    cookie = {"Cookie": kept.headers["Set-Cookie"].partition(";")[0]}
    assert world.get(f"{form}/check", cookie, accept=BROWSER).status == 200
    assert world.post_form(f"{form}/discard", {}, cookie).status == 303


def test_the_steps_of_a_form_that_is_closed(world: World) -> None:
    from msgspec.structs import replace

    world.publish(replace(kosi(), closes_at=kosi().opens_at))
    form = "/calls/kosi-lab-dortmund/form/initiative"
    assert world.get(form, accept=BROWSER).status == 403
    assert world.post_form(form, {"name": "x"}).status == 403


def test_what_is_erased_is_gone_for_those_who_did_not_mean_it_too(world: World) -> None:
    world.publish()
    world.submit()
    receipt = world.receipt()
    assert world.post(f"{receipt}/erase", {"confirm": True}).status == 200
    assert world.post_form(f"{receipt}/erase", {}).status == 410


def test_the_accessibility_statement(world: World) -> None:
    world.publish()
    assert world.get("/calls/small-call/accessibility", accept=BROWSER).status == 200


def test_the_document_names_the_running_calls(world: World) -> None:
    world.publish()
    answer = world.get("/openapi.json")
    assert (answer.status, answer.kind) == (200, "application/json")
    assert answer.json["paths"].keys() >= document()["paths"].keys()
    assert answer.json["components"]["schemas"]["CallName"] == {"const": "small-call"}
    assert answer.json["servers"] == [{"url": "https://aufruf.example.org"}]


def test_the_document_of_one_call_names_that_call_alone(world: World) -> None:
    world.publish()
    world.publish(kosi())
    both, one = world.get("/openapi.json").json, world.get("/openapi.json?call=kosi-lab-dortmund").json
    assert both["components"]["schemas"]["CallName"]["examples"] == ["kosi-lab-dortmund", "small-call"]
    assert one["components"]["schemas"]["CallName"] == {"const": "kosi-lab-dortmund"}


def test_whoever_has_the_document_is_told_that_it_is_the_same(world: World) -> None:
    world.publish()
    tag = world.get("/openapi.json").headers["ETag"]
    assert world.get("/openapi.json", {"If-None-Match": tag}).status == 304
    assert world.get("/openapi.json", {"If-None-Match": tag.removeprefix("W/")}).status == 304
    world.publish(kosi())
    assert world.get("/openapi.json?call=kosi-lab-dortmund", {"If-None-Match": tag}).status == 200
