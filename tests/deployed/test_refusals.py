"""What is wrong is answered as the interface says, byte for byte through gateway, function and back."""

import gzip
import json
import socket
from typing import Any

import pytest

from tests.builders import kosi_answers
from tests.deployed.stack import CALL, Stack

LIMIT = 64 * 1024
SUBMISSIONS = f"/calls/{CALL}/submissions"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def body(**members: Any) -> bytes:
    return json.dumps({"answers": kosi_answers(reporter_email="refused@example.org")} | members).encode()


def nested(depth: int) -> bytes:
    return b'{"answers": {"name": ' + b"[" * depth + b"]" * depth + b"}}"


REFUSED_BODIES = {
    "a byte too many": (JSON, b" " * (LIMIT + 1 - len(body())) + body(), 413, "body-too-large"),
    "ten times too many": (FORM, b"name=" + b"a" * (10 * LIMIT), 413, "body-too-large"),
    "not UTF-8": (JSON, b'{"answers": {"name": "\xff\xfe"}}', 400, "body-unreadable"),
    "not UTF-8, in a form": (FORM, b"name=%FF%FE", 400, "body-unreadable"),
    "raw bytes that are not UTF-8, in a form": (FORM, b"name=\xff", 400, "body-unreadable"),
    "half of UTF-8": (JSON, '{"answers": {"name": "ü'.encode()[:-1], 400, "body-unreadable"),
    "broken JSON": (JSON, b'{"answers": {', 400, "body-unreadable"),
    "JSON and more": (JSON, body() + b"{}", 400, "body-unreadable"),
    "nothing": (JSON, b"", 400, "body-unreadable"),
    "no object": (JSON, b"[]", 400, "body-unreadable"),
    "no answers": (JSON, b"{}", 400, "body-unreadable"),
    "answers that are no object": (JSON, b'{"answers": []}', 400, "body-unreadable"),
    "too deep": (JSON, nested(9), 400, "body-unreadable"),
    "so deep that a parser would fall": (JSON, nested(20_000), 400, "body-unreadable"),
    "NaN": (JSON, b'{"answers": {"since": NaN}}', 400, "body-unreadable"),
    "Infinity": (JSON, b'{"answers": {"since": -Infinity}}', 400, "body-unreadable"),
    "a member twice": (JSON, b'{"answers": {"name": "a", "name": "b"}}', 400, "body-unreadable"),
    "answers twice": (JSON, b'{"answers": {}, "answers": {}}', 400, "body-unreadable"),
    "NUL": (JSON, b'{"answers": {"name": "a\\u0000b"}}', 400, "body-unreadable"),
    "NUL, in a form": (FORM, b"name=a%00b", 400, "body-unreadable"),
    "half of a character": (JSON, b'{"answers": {"name": "\\ud83d"}}', 400, "body-unreadable"),
    "multipart without its boundary": ("multipart/form-data", b"--x--", 400, "body-unreadable"),
    "multipart that is none": ("multipart/form-data; boundary=x", b"name=a", 400, "body-unreadable"),
    "a type nobody reads": ("text/plain", body(), 415, "media-type-unknown"),
    "XML": ("application/xml", b"<answers/>", 415, "media-type-unknown"),
    "another character set": ("application/json; charset=iso-8859-1", body(), 415, "media-type-unknown"),
}


@pytest.mark.parametrize(("kind", "content", "status", "code"), REFUSED_BODIES.values(), ids=REFUSED_BODIES.keys())
def test_a_hostile_body_is_refused_by_name(stack: Stack, kind: str, content: bytes, status: int, code: str) -> None:
    answer = stack.ask("POST", SUBMISSIONS, data=content, headers={"Content-Type": kind, "Accept": JSON})
    check_problem(answer, status, code)


@pytest.mark.parametrize("content", [gzip.compress(body()), gzip.compress(b" " * 50_000_000), b"\x1f\x8b nothing"])
def test_a_body_that_says_it_is_compressed_is_refused_and_never_blown_up(stack: Stack, content: bytes) -> None:
    headers = {"Content-Type": JSON, "Accept": JSON, "Content-Encoding": "gzip"}
    check_problem(stack.ask("POST", SUBMISSIONS, data=content, headers=headers), 400, "body-unreadable")


def test_a_body_without_a_type_is_refused_by_name(stack: Stack) -> None:
    answer = stack.ask("POST", SUBMISSIONS, data=body(), headers={"Accept": JSON})
    check_problem(answer, 415, "media-type-unknown")


def test_a_body_of_exactly_the_limit_is_read(stack: Stack) -> None:
    content = body().rjust(LIMIT)
    answer = stack.ask("POST", SUBMISSIONS, data=content, headers={"Content-Type": JSON, "Accept": JSON})
    assert (len(content), answer.status_code) == (LIMIT, 201), answer.text


def check_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """RFC 9457, in the shape that every refusal has; never cached."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["title"]
    return problem


REFUSED_ANSWERS = {
    "an unknown field": ({"favourite_colour": "blue"}, "favourite_colour", "unknown-field"),
    "a name of ours that is none": ({"_surprise": "x"}, "_surprise", "unknown-field"),
    "an unknown choice": ({"relation": "enemy"}, "relation", "unknown-choice"),
    "an address that is none": ({"reporter_email": "a@b@c"}, "reporter_email", "not-an-address"),
    "a header in an address": (
        {"reporter_email": "a@example.org\nBcc: b@example.org"},
        "reporter_email",
        "not-an-address",
    ),
    "a script as a website": ({"website": "javascript:alert(1)"}, "website", "not-a-url"),
    "an override of the reading direction": ({"name": "abc\u202edef"}, "name", "bidi-control"),
    "a control character": ({"name": "abc\u0007def"}, "name", "control-character"),
    "a text that is a number": ({"name": 7}, "name", "wrong-type"),
    "too long": ({"name": "ä" * 121}, "name", "too-long"),
    "missing": ({"name": None}, "name", "required"),
    "a consent not given": ({"privacy_read": False}, "privacy_read", "required"),
}


@pytest.mark.parametrize(("change", "field", "code"), REFUSED_ANSWERS.values(), ids=REFUSED_ANSWERS.keys())
@pytest.mark.parametrize("language", ["de", "en"])
def test_a_wrong_answer_is_named_in_the_language_of_the_request(
    stack: Stack, address: str, change: dict[str, Any], field: str, code: str, language: str
) -> None:
    answers = kosi_answers(**({"reporter_email": address} | change))
    problem = check_problem(stack.post_report(answers, language=language), 422, "answers-invalid")
    errors = problem["errors"]
    assert [(one["field"], one["code"]) for one in errors] == [(field, code)]
    assert errors[0]["message"].startswith("Please") == (language == "en" and code != "unknown-field")


def test_an_unknown_field_of_a_form_is_refused_by_name_too(stack: Stack) -> None:
    answer = stack.ask("POST", SUBMISSIONS, data={"favourite_colour": "blue"}, headers={"Accept": JSON})
    problem = check_problem(answer, 422, "answers-invalid")
    assert ("favourite_colour", "unknown-field") in [(one["field"], one["code"]) for one in problem["errors"]]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", SUBMISSIONS, {"POST"}),
        ("DELETE", SUBMISSIONS, {"POST"}),
        ("PUT", f"/calls/{CALL}", {"GET", "HEAD"}),
        ("POST", f"/calls/{CALL}/thanks/K7Q4-9XMD-2RTB", {"GET", "HEAD"}),
        ("PATCH", "/", {"GET", "HEAD"}),
        ("GET", "/receipts/some-token/confirm", {"POST"}),
    ],
)
def test_a_wrong_method_is_answered_with_the_right_ones(
    stack: Stack, method: str, path: str, allowed: set[str]
) -> None:
    answer = stack.ask(method, path, headers={"Accept": JSON})
    check_problem(answer, 405, "method-not-allowed")
    assert {one.strip() for one in answer.headers["Allow"].split(",")} - {"OPTIONS"} == allowed


UNKNOWN = [
    ("GET", "/nothing/here"),
    ("POST", "/nothing/here"),
    ("GET", "/calls/no-such-call"),
    ("GET", "/calls/no-such-call/form"),
    ("POST", "/calls/no-such-call/submissions"),
    ("GET", f"/calls/{CALL}/thanks/K7Q4-9XMD-0000"),
    ("GET", f"/calls/{CALL}/thanks/<script>"),
    ("GET", "/receipts/no-such-token"),
    ("POST", "/receipts/no-such-token/confirm"),
    ("GET", "/schemas/nothing.json"),
    ("GET", "/schemas/..%2F..%2Fapp.py"),
    ("GET", "/static/..%2Fweb%2Fdoor.py"),
]


def test_whatever_is_not_there_has_one_wording(stack: Stack) -> None:
    answers = [
        stack.ask(
            method, path, json={} if method == "POST" else None, headers={"Accept": JSON, "Accept-Language": "en"}
        )
        for method, path in UNKNOWN
    ]
    problems = [check_problem(answer, 404, "not-found") for answer in answers]
    assert all(problem == problems[0] for problem in problems)


def test_a_browser_gets_a_page_and_not_a_problem_document(stack: Stack) -> None:
    answer = stack.ask("GET", "/nothing/here", headers={"Accept": "text/html", "Accept-Language": "en"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "<h1" in answer.text


def test_an_organiser_route_without_a_token_asks_for_one(stack: Stack) -> None:
    path = f"/organiser/calls/{CALL}/exports"
    for headers in ({}, {"Authorization": "Bearer aufruf_forged"}, {"Authorization": "Basic eDp5"}):
        answer = stack.ask("GET", path, headers={"Accept": JSON} | headers)
        check_problem(answer, 401, "login-needed")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("ticket", ["forged", "", "WyJrb3NpIl0.x", "ü"])
def test_a_forged_ticket_is_refused(stack: Stack, address: str, ticket: str) -> None:
    answer = stack.ask(
        "POST",
        SUBMISSIONS,
        json={"answers": kosi_answers(reporter_email=address), "ticket": ticket},
        headers={"Accept": JSON},
    )
    if ticket == "":  # as if there were none, and this call takes reports without
        assert answer.status_code == 201
    else:
        check_problem(answer, 403, "ticket-refused")


@pytest.mark.parametrize("key", ["", "x" * 256, "schön"])
def test_a_key_that_cannot_be_used_is_refused(stack: Stack, address: str, key: str) -> None:
    answer = stack.ask(
        "POST",
        SUBMISSIONS,
        json={"answers": kosi_answers(reporter_email=address)},
        headers={"Accept": JSON, "Idempotency-Key": key.encode()},
    )
    check_problem(answer, 400, "idempotency-key-unreadable")


def test_a_full_honeypot_is_refused(stack: Stack) -> None:
    answer = stack.ask("POST", SUBMISSIONS, data={"_website": "http://spam.example"}, headers={"Accept": JSON})
    assert answer.status_code == 422
    assert "_website" in [one["field"] for one in answer.json()["errors"]]


def test_the_local_routes_are_not_in_the_app_that_goes_to_aws(stack: Stack) -> None:
    stack_file = json.loads((stack.data / "stack.json").read_text())
    api = f"{stack_file['endpoint']}/_aws/execute-api/{stack_file['outputs']['RestAPIId']}/api"
    assert stack.ask("GET", f"{api}/health").status_code == 200
    for path in ("/_local/mails", "/_local/token", "/_local/mailbox"):
        assert stack.ask("GET", api + path).status_code == 404
        assert stack.ask("POST", api + path).status_code == 404


def test_the_local_server_listens_on_loopback_only(stack: Stack) -> None:
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for other in others - {"127.0.0.1"}:
        with socket.socket() as probe:
            probe.settimeout(2)
            assert probe.connect_ex((other, stack.port)) != 0 or other.startswith("127.")
