"""What the app answers over HTTP: every row of the interface's table of errors, in both languages."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

import app
from chalicelib.calls.call import Policy
from chalicelib.calls.table import forget_calls
from chalicelib.intake.tickets import issue_ticket
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.keys import keys
from chalicelib.submissions.reference import from_bits, show
from chalicelib.web.bodies import MOST_BYTES
from tests.aws import refused, throttled, timed_out
from tests.builders import OPENS, answers, call_of
from tests.integration.world import BROWSER, JSON, Answer, World

SUBMISSIONS = "/calls/small-call/submissions"
NOT_OPEN = {"de": "Dieser Aufruf ist nicht offen.", "en": "This call is not open."}


def check_problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """It is a problem document (RFC 9457) of this status and code, and nothing in between keeps it."""
    assert (answer.status, answer.json.get("code")) == (status, code)
    assert answer.kind == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["type"] == "about:blank"
    assert answer.json["title"]
    assert answer.headers["Cache-Control"] == "no-store"
    document: dict[str, Any] = answer.json
    return document


def wrong_fields(answer: Answer) -> dict[str, str]:
    return {one["field"]: one["code"] for one in answer.json["errors"]}


def ticket(seconds_ago: float, call: str = "small-call") -> str:
    return issue_ticket(keys(), call_of(name=call), now() - timedelta(seconds=seconds_ago))


# 404 and 405

NOWHERE = [
    "/nowhere",
    "/calls/no-such-call",
    "/calls/no-such-call/form",
    "/calls/no-such-call/schema.json",
    "/calls/small-call@1",
    "/calls/" + "x" * 3000,
    "/calls/%F0%9F%98%80",
    "/calls/small-call/thanks/K7Q4-9XMD-2RTA",
    "/receipts/no-such-token",
    "/receipts/%C3%BC.%00",
    "/static/site.css",
    "/static/..%2Froutes.py",
    "/schemas/no-such-schema.json",
    "/schemas/..%2Fexport.py",
    "/organiser/nowhere",
]


@pytest.mark.parametrize("address", NOWHERE, ids=range(len(NOWHERE)))
def test_whatever_does_not_exist_is_not_found_in_the_same_words(world: World, address: str) -> None:
    world.publish()
    document = check_problem(world.get(address, {"Accept-Language": "en"}), 404, "not-found")
    assert document["title"] == "This page does not exist."
    assert document == check_problem(world.get("/other", {"Accept-Language": "en"}), 404, "not-found")
    page = world.get(address, {"Accept-Language": "de"}, accept=BROWSER)
    assert (page.status, page.kind) == (404, "text/html")
    assert "Diese Seite gibt es nicht." in page.body


def test_posting_to_a_call_that_does_not_exist_is_not_found(world: World) -> None:
    for address in ("/calls/nobody/submissions", "/calls/nobody/tickets", "/receipts/nobody/confirm"):
        check_problem(world.post(address, {"answers": answers()}), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "address"),
    [("DELETE", "/"), ("GET", SUBMISSIONS), ("PUT", SUBMISSIONS), ("POST", "/health"), ("PATCH", "/receipts/token")],
)
def test_a_method_that_a_path_does_not_have_is_told_which_it_has(world: World, method: str, address: str) -> None:
    answer = world.request(method, address, headers={"Accept": JSON, "Accept-Language": "de"})
    document = check_problem(answer, 405, "method-not-allowed")
    assert document["title"] == "Diese Adresse nimmt solche Anfragen nicht an."
    allowed = answer.headers["Allow"].split(", ")
    assert method not in allowed
    assert allowed == sorted(allowed)
    assert ("GET" in allowed) == ("HEAD" in allowed)


def test_every_page_can_be_asked_for_its_head(world: World) -> None:
    world.publish()
    for address in ("/", "/health", "/calls/small-call", "/calls/small-call/form"):
        assert world.request("HEAD", address, headers={"Accept": BROWSER}).status == 200


# 401: see test_organisers.py

# 403: not open


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(
    "dates", [{"opens_at": OPENS.replace(year=2999)}, {"closes_at": OPENS.replace(month=6)}], ids=["not yet", "closed"]
)
def test_a_call_that_is_not_open_says_when_it_is(world: World, language: str, dates: dict[str, Any]) -> None:
    published = world.publish(call_of(**dates))
    answers_to = [
        world.submit(language=language),
        world.submit(language=language, key="a key"),
        world.submit(language=language, ticket=ticket(10)),
        world.post("/calls/small-call/tickets", headers={"Accept-Language": language}),
    ]
    for answer in answers_to:
        document = check_problem(answer, 403, "call-not-open")
        assert document["title"] == NOT_OPEN[language]
        assert document["opens_at"] == stamp(published.call.opens)
        assert document["closes_at"] == (stamp(published.call.closes) if published.call.closes else None)
    assert world.count() == 0


def test_a_report_sent_in_time_is_found_again_after_the_end(world: World) -> None:
    call = call_of()
    world.publish(call)
    first = world.submit(key="a key")
    world.publish(call_of(closes_at=OPENS.replace(month=6)))
    again = world.submit(key="a key")
    assert (again.status, again.json) == (200, first.json)
    check_problem(world.submit(answers(name="Anders"), key="a key"), 422, "idempotency-mismatch")
    check_problem(world.submit(key="another key"), 403, "call-not-open")


# 403: tickets


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (lambda: "forged", "ticket-refused"),
        (lambda: ticket(10)[:-2], "ticket-refused"),
        (lambda: ticket(10, "other-call"), "ticket-refused"),
        (lambda: ticket(100_000), "ticket-expired"),
        (lambda: ticket(-5), "ticket-too-young"),
    ],
    ids=["forged", "cut", "other call", "expired", "too young"],
)
def test_a_bad_ticket_is_refused_and_nothing_is_stored(world: World, given: Any, code: str) -> None:
    world.publish()
    check_problem(world.submit(ticket=given()), 403, code)
    assert world.count() == 0


def test_a_call_may_demand_a_ticket(world: World) -> None:
    world.publish(call_of(policy=Policy(tickets="required", proof_of_work="off", shards=2, ticket_min_seconds=0)))
    document = check_problem(world.submit(key="a key", language="en"), 403, "ticket-missing")
    assert "POST /calls/small-call/tickets" in document["detail"]
    given = world.post("/calls/small-call/tickets")
    assert given.status == 201
    assert world.submit(ticket=given.json["ticket"]).status == 201


# 400, 413, 415: the body


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        (JSON, b"{", 400, "body-unreadable"),
        (JSON, b'{"answers": {"a": NaN}}', 400, "body-unreadable"),
        (JSON, b'{"answers": {"a": 1, "a": 2}}', 400, "body-unreadable"),
        (JSON, b'{"answers": {"a": "\\ud800"}}', 400, "body-unreadable"),
        (JSON, b'{"answers": {"a": "\\u0000"}}', 400, "body-unreadable"),
        (JSON, b'{"answers": ' + b"[" * 100 + b"]" * 100 + b"}", 400, "body-unreadable"),
        ("application/x-www-form-urlencoded", b"name=\xff", 400, "body-unreadable"),
        ("multipart/form-data; boundary=x", b"name=x", 400, "body-unreadable"),
        (JSON, b"x" * (MOST_BYTES + 1), 413, "body-too-large"),
        ("text/plain", b"name=x", 415, "media-type-unknown"),
        ("", b'{"answers": {}}', 415, "media-type-unknown"),
    ],
    ids=range(11),
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_refused(
    world: World, language: str, kind: str, body: bytes, status: int, code: str
) -> None:
    world.publish()
    headers = {"Content-Type": kind, "Accept-Language": language} if kind else {"Accept-Language": language}
    document = check_problem(world.request("POST", SUBMISSIONS, body=body, headers=headers), status, code)
    assert (
        document["title"]
        == {
            ("body-unreadable", "de"): "Der Inhalt konnte nicht gelesen werden.",
            ("body-unreadable", "en"): "The content could not be read.",
            ("body-too-large", "de"): "Das ist zu lang.",
            ("body-too-large", "en"): "This is too long to send.",
            ("media-type-unknown", "de"): "Diese Art von Inhalt können wir nicht lesen.",
            ("media-type-unknown", "en"): "This kind of content cannot be read here.",
        }[code, language]
    )
    page = world.request("POST", SUBMISSIONS, body=body, headers=headers | {"Accept": BROWSER})
    assert (page.status, page.kind) == (status, "text/html")
    assert document["title"] in page.body
    assert world.count() == 0


def test_no_body_at_all_is_refused(world: World) -> None:
    world.publish()
    check_problem(world.request("POST", SUBMISSIONS, headers={"Content-Type": JSON}), 400, "body-unreadable")


@pytest.mark.parametrize(
    "kind", ["Application/JSON", "application/json; charset=utf-8", "APPLICATION/JSON;charset=UTF-8"]
)
def test_json_is_json_however_its_type_is_written(world: World, kind: str) -> None:
    world.publish()
    body = json.dumps({"answers": answers()}).encode()
    assert world.request("POST", SUBMISSIONS, body=body, headers={"content-TYPE": kind}).status == 201


def test_multipart_is_taken_with_its_bytes_as_they_are(world: World) -> None:
    world.publish()
    fields = [
        ("name", "Grüne Höfe"),
        ("themes", "green"),
        ("themes", "work"),
        ("email", "ada@example.org"),
        ("privacy", "on"),
        ("publish", "1"),
    ]
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields
    )
    body = f"{parts}--x--\r\n".encode()
    answer = world.request("POST", SUBMISSIONS, body=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status == 201
    stored = world.stored(answer.json["reference"])
    assert stored is not None
    assert stored.read_answers() == answers(themes=["green", "work"])


# 422: the answers


@pytest.mark.parametrize(("language", "title", "words"), [
    ("de", "Bitte sehen Sie sich einige Antworten noch einmal an.", "Bitte höchstens 40 Zeichen; das sind 41."),
    ("en", "Some answers need another look.", "Please use at most 40 characters; these are 41."),
])  # fmt: skip
def test_wrong_answers_are_told_by_field(world: World, language: str, title: str, words: str) -> None:
    world.publish()
    wrong = answers(name="x" * 41, since="soon", privacy=None, unknown="x")
    document = check_problem(world.submit(wrong, language=language), 422, "answers-invalid")
    assert document["title"] == title
    told = {one["field"]: one for one in document["errors"]}
    assert {name: one["code"] for name, one in told.items()} == {
        "name": "too-long", "since": "not-a-year", "privacy": "required", "unknown": "unknown-field",
    }  # fmt: skip
    assert told["name"]["message"] == words
    assert world.count() == 0


def test_wrong_answers_bring_the_form_back_with_all_that_was_typed(world: World) -> None:
    world.publish()
    typed = answers(
        name='Höfe "&<b>', since="bald", themes=["green", "other"], theme_other="Kultur", summary="eins\nzwei"
    )
    page = world.post_form(f"{SUBMISSIONS}?lang=de", typed | {"_ticket": ticket(10)})
    assert (page.status, page.kind) == (422, "text/html")
    assert "Bitte geben Sie ein Jahr mit vier Ziffern an, zum Beispiel 2015." in page.body
    assert 'href="#field-since"' in page.body
    assert "<b>" not in page.body
    for kept in ("Höfe &#34;&amp;&lt;b&gt;", 'value="bald"', 'value="Kultur"', "eins\nzwei"):
        assert kept in page.body
    assert len(re.findall(r'value="(?:green|other)" checked', page.body)) == 2
    assert page.headers["Cache-Control"] == "no-store"


def test_who_fills_in_the_honeypot_is_told_so(world: World) -> None:
    world.publish()
    answer = world.post_form(SUBMISSIONS, answers(privacy="on", publish="on") | {"_website": "spam"}, accept=JSON)
    check_problem(answer, 422, "answers-invalid")
    assert wrong_fields(answer) == {"_website": "honeypot"}


def test_what_stands_beside_the_answers_is_refused_by_name(world: World) -> None:
    world.publish()
    assert wrong_fields(world.submit(tickets="x")) == {"tickets": "unknown-field"}


# Repeating


def test_the_same_key_with_the_same_answers_gives_the_same_reference(world: World) -> None:
    world.publish()
    first = world.submit(key="a key")
    again = world.submit(answers(name=" Grüne  Höfe "), key="a key", language="en")
    assert (first.status, again.status) == (201, 200)
    assert again.json == first.json
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert world.count() == 1
    world.drain()
    assert len(world.mails) == 1


def test_a_repeat_tells_the_state_as_it_is_now(world: World) -> None:
    world.publish()
    first = world.submit(key="a key")
    world.drain()
    world.post(f"{world.mails[0].receipt}/confirm")
    again = world.submit(key="a key")
    assert again.json == first.json | {"state": "confirmed"}


@pytest.mark.parametrize(("language", "words"), [("de", "mit anderen Antworten"), ("en", "with other answers")])
def test_the_same_key_with_other_answers_is_refused_and_names_the_first(
    world: World, language: str, words: str
) -> None:
    world.publish()
    first = world.submit(key="a key")
    document = check_problem(
        world.submit(answers(name="Anders"), key="a key", language=language), 422, "idempotency-mismatch"
    )
    assert words in document["title"]
    assert document["reference"] == first.json["reference"]
    assert first.json["reference"] in document["detail"]
    assert world.count() == 1


def test_the_same_key_in_another_call_is_another_submission(world: World) -> None:
    world.publish()
    world.publish(call_of(name="other-call"))
    one, other = world.submit(key="a key"), world.submit(key="a key", call="other-call")
    assert (one.status, other.status) == (201, 201)
    assert one.json["reference"] != other.json["reference"]


def test_one_ticket_makes_one_submission_whatever_key_is_beside_it(world: World) -> None:
    world.publish()
    given = ticket(10)
    first = world.submit(ticket=given, key="one")
    again = world.submit(ticket=given, key="two")
    assert (first.status, again.status) == (201, 200)
    assert again.json == first.json
    check_problem(world.submit(answers(name="Anders"), ticket=given), 422, "idempotency-mismatch")
    assert world.submit(key="one").json["reference"] != first.json["reference"]


def test_a_form_sent_twice_leads_to_the_same_thank_you_page(world: World) -> None:
    world.publish()
    fields = answers(privacy="true", publish="true") | {"_ticket": ticket(10)}
    first, again = world.post_form(SUBMISSIONS, fields), world.post_form(SUBMISSIONS, fields)
    assert (first.status, again.status) == (303, 303)
    assert first.headers["Location"] == again.headers["Location"]


def test_without_ticket_and_key_each_post_is_a_submission(world: World) -> None:
    world.publish()
    assert world.submit().json["reference"] != world.submit().json["reference"]


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel", "a\tb", "a\x7f"], ids=range(5))
def test_a_key_that_cannot_be_one_is_refused(world: World, key: str) -> None:
    world.publish()
    answer = world.post(SUBMISSIONS, {"answers": answers()}, {"Idempotency-Key": key})
    check_problem(answer, 400, "idempotency-key-unreadable")


def test_a_key_may_be_as_long_as_it_says(world: World) -> None:
    world.publish()
    assert world.submit(key="x" * 255).status == 201


def test_a_repeat_of_what_expired_is_told_that_it_is_gone(world: World) -> None:
    world.publish(call_of(policy=Policy(tickets="optional", shards=2, unconfirmed_days=0)))
    world.submit(key="a key")
    document = check_problem(world.submit(key="a key", language="de"), 410, "expired")
    assert document["title"] == "Diese Meldung wurde nicht rechtzeitig bestätigt und ist gelöscht."


def test_a_write_whose_answer_was_lost_is_found_by_the_repeat(world: World) -> None:
    world.publish()
    world.border.fail("PutItem", timed_out(), after=True)
    check_problem(world.submit(key="a key"), 503, "unavailable")
    again = world.submit(key="a key")
    assert (again.status, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert world.count() == 1


def test_a_write_that_the_sdk_repeats_on_its_own_success_is_accepted(world: World) -> None:
    """The first try was stored and its answer lost; the second then fails its condition."""
    world.publish()
    world.border.fail("PutItem", refused("ConditionalCheckFailedException"), after=True)
    accepted = world.submit()
    assert accepted.status == 201
    assert world.stored(accepted.json["reference"]) is not None
    assert world.count() == 1


def test_two_chances_that_meet_make_two_submissions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish()
    chances = iter([from_bits(7), from_bits(7), from_bits(8)])
    monkeypatch.setattr("chalicelib.intake.accept.from_chance", lambda: next(chances))
    assert world.submit().json["reference"] == show(from_bits(7))
    assert world.submit(answers(name="Anders")).json["reference"] == show(from_bits(8))


# 503


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(
    "error",
    [
        throttled(),
        refused("ProvisionedThroughputExceededException"),
        refused("InternalServerError", 500),
        refused("ServiceUnavailable", 503),
        timed_out(),
        ConnectTimeoutError(endpoint_url="https://aws.example.org"),
    ],
    ids=lambda error: (getattr(error, "response", None) and error.response["Error"]["Code"]) or type(error).__name__,
)
def test_when_aws_is_busy_nothing_is_half_done_and_the_post_can_be_repeated(
    world: World, error: Exception, language: str
) -> None:
    world.publish()
    assert world.submit().status == 201
    world.border.fail("PutItem", error)
    answer = world.submit(key="a key", language=language)
    document = check_problem(answer, 503, "unavailable")
    assert (
        document["title"]
        == {"de": "Der Dienst ist gerade überlastet.", "en": "The service is busy at the moment."}[language]
    )
    assert int(answer.headers["Retry-After"]) > 0
    assert world.count() == 1
    assert world.submit(key="a key").status == 201


def test_when_aws_is_busy_a_browser_keeps_its_form(world: World) -> None:
    world.publish()
    world.submit()
    world.border.fail("PutItem", throttled())
    page = world.post_form(SUBMISSIONS, answers(name="Behalten", privacy="on", publish="on") | {"_ticket": ticket(10)})
    assert (page.status, page.kind) == (503, "text/html")
    assert 'value="Behalten"' in page.body


def test_a_fault_of_ours_shows_no_insides(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.publish()
    world.submit()
    world.border.fail("PutItem", RuntimeError("secret insides"))
    answer = world.submit()
    check_problem(answer, 500, "internal-error")
    assert "insides" not in answer.body
    logs = capsys.readouterr().out
    assert "insides" not in logs
    assert '"cause":"RuntimeError"' in logs


def test_the_health_of_the_app_is_that_of_its_calls(world: World) -> None:
    world.publish()
    assert world.get("/health").json == {"status": "ok", "calls": 1}
    world.border.fail("Scan", throttled())
    check_problem(world.get("/health"), 503, "unavailable")


# What is shown to programs


def test_running_calls_and_one_call_can_be_read_by_programs(world: World) -> None:
    world.publish()
    world.publish(call_of(name="closed-call", closes_at=OPENS.replace(month=6)))
    assert [one["call"] for one in world.get("/").json["calls"]] == ["small-call"]
    document = world.get("/calls/small-call").json
    assert document["version"] == 1
    assert "organisers" not in document
    assert "owner@example.org" not in json.dumps(document)
    assert world.get("/calls/closed-call").status == 200


def test_the_schema_of_the_answers_is_that_of_the_call(world: World) -> None:
    world.publish()
    answer = world.get("/calls/small-call/schema.json?lang=en")
    assert (answer.status, answer.kind) == (200, "application/schema+json")
    assert answer.json["$id"] == "https://aufruf.example.org/calls/small-call/schema.json"
    assert set(answer.json["properties"]) == set(call_of().fields)


def test_a_static_file_is_found_under_the_name_that_pages_use(world: World) -> None:
    world.publish()
    page = world.get("/calls/small-call", accept=BROWSER)
    for link in re.findall(r'href="\.\./(static/[^"]+)"', page.body):
        assert world.get(f"/{link}").status == 200
        assert "immutable" in world.get(f"/{link}").headers["Cache-Control"]
    assert "static/site." in page.body


def test_the_thank_you_page_gives_no_rights_and_looks_nothing_up(world: World) -> None:
    world.publish()
    world.get("/calls/small-call", accept=BROWSER)
    world.border.forget()
    page = world.get(f"/calls/small-call/thanks/{show(from_bits(99)).lower()}", accept=BROWSER)
    assert page.status == 200
    assert show(from_bits(99)) in page.body
    assert "/receipts/" not in page.body
    assert world.border.calls == []


# One call of AWS


def test_accepting_a_submission_on_a_warm_function_makes_exactly_one_call_of_aws(world: World) -> None:
    world.publish()
    world.submit()
    world.border.forget()
    assert world.submit(key="a key").status == 201
    assert world.submit(ticket=ticket(10)).status == 201
    assert world.submit().status == 201
    assert world.border.operations == ["PutItem"] * 3


def test_a_refusal_makes_none(world: World) -> None:
    world.publish()
    world.submit()
    world.border.forget()
    world.submit(answers(name=None))
    world.post(SUBMISSIONS, {"answers": 1})
    world.submit(ticket="forged")
    assert world.border.calls == []


def test_a_cold_function_reads_the_call_and_the_keys_and_writes_once(world: World) -> None:
    world.publish()
    forget_calls()
    keys.cache_clear()
    assert world.submit().status == 201
    assert world.border.operations == ["GetItem", "GetSecretValue", "PutItem"]


def test_there_is_one_route_for_each_address_of_ours() -> None:
    assert len(app.app.routes) > 10
