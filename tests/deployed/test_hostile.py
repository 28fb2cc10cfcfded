"""Hostile requests against the deployed stack: never a broken server, and every accepted text comes back unharmed.

`AUFRUF_HOSTILE=10000` for the whole of it (`make faults-deployed`); a request is known by its number.
"""

import http.client
import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from secrets import token_hex
from typing import Any

import requests

import app  # noqa: F401 - its import declares all routes
from tests.builders import kosi
from tests.deployed.stack import CALL, Stack
from tests.hostile.operations import hostile_to, operations
from tests.hostile.requests import Hostile, hostile_request
from tests.hostile.texts import taken
from tests.integration.conformance import document
from tests.local.waiting import wait_for

REQUESTS = int(os.environ.get("AUFRUF_HOSTILE", "100"))
AT_ONCE = 3
TOO_MANY = 429
RUN = token_hex(3)
LINES = {one.id for one in kosi().fields.values() if one.type == "textarea"}
# Beside what anybody sends: every fourth request goes to an operation of the document, by an organiser who may.
BY_AN_ORGANISER = 4
# Each would have files built, for minutes; tests/integration/test_hostile.py asks there, too.
NOT_HERE = {("/organiser/calls/{call}/exports", "POST")}
OPERATIONS = [one for one in operations(document()) if one not in NOT_HERE]


def request_of(number: int, token: str) -> Hostile:
    if number % BY_AN_ORGANISER:
        return hostile_request(number, RUN)
    turn, place = divmod(number // BY_AN_ORGANISER, len(OPERATIONS))
    request = hostile_to(document(), *OPERATIONS[place], turn, {"call": CALL})
    return replace(request, headers={"Authorization": f"Bearer {token}"} | request.headers)


def ask(stack: Stack, number: int, token: str) -> tuple[Hostile, int, bytes]:
    """The answer to the request of this number, asked again where the stage has had too many in that second."""
    request = request_of(number, token)

    def answer() -> tuple[int, bytes] | None:
        status, body = _send(stack, request)
        return None if status == TOO_MANY else (status, body)

    return request, *wait_for(answer, what=f"request {number} to be let in")


def _send(stack: Stack, request: Hostile) -> tuple[int, bytes]:
    """As bytes, for nothing between may be helpful."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=60)
    try:
        connection.putrequest(request.method, request.path, skip_accept_encoding=True)
        for name, value in request.headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def exported(stack: Stack) -> dict[str, dict[str, Any]]:
    """The answers of every report in a fresh export, by reference."""
    [export] = [one for one in stack.local("nightly")["exports"] if one["call"] == CALL]
    assert export["state"] == "ready", export
    login = {"Authorization": f"Bearer {stack.local('token')['token']}"}
    file = f"/organiser/calls/{CALL}/exports/{export['export_id']}/files/submissions.json"
    link = stack.ask("GET", file, headers=login).headers["Location"]
    document = json.loads(stack.ask("GET", link).content)
    return {one["reference"]: one["answers"] for one in document["submissions"]}


def test_no_request_breaks_the_server_and_what_is_accepted_comes_back_byte_by_byte(stack: Stack) -> None:
    token = stack.local("token")["token"]
    with ThreadPoolExecutor(AT_ONCE) as people:
        answers = list(people.map(lambda number: ask(stack, number, token), range(REQUESTS)))
    statuses = Counter(status for _, status, _ in answers)
    broken = {number: status for number, (_, status, _) in enumerate(answers) if status >= 500}
    assert broken == {}, f"seeds and statuses; of all: {statuses}"
    assert statuses[201] > REQUESTS // 20
    assert statuses[400] + statuses[422] > REQUESTS // 10

    accepted = {
        json.loads(body)["reference"]: request
        for request, status, body in answers
        if status == 201 and request.address and request.path.endswith("/submissions")
    }
    there = exported(stack)
    stack.drain(seconds=60 + REQUESTS / 20)
    with ThreadPoolExecutor(AT_ONCE) as people:
        receipts = dict(people.map(lambda one: (one[0], _receipt(stack, one[1].address)), accepted.items()))
    for reference, request in accepted.items():
        wanted = {name: taken(text, lines=name in LINES) for name, text in request.given.items()}
        wanted = {name: text for name, text in wanted.items() if text}
        for found in (there[reference], receipts[reference]):
            assert {name: found.get(name) for name in wanted} == wanted, reference
    print(f"{REQUESTS} requests: {dict(statuses)}; {len(accepted)} accepted texts came back")  # noqa: T201


def _receipt(stack: Stack, address: str) -> dict[str, Any]:
    """The answers as the receipt of the one report from an address has them."""
    [mail] = stack.mails(address)
    link = next(word for word in mail["text"].split() if "/receipts/" in word)
    receipt = wait_for(lambda: _let_in(stack, link), what="the receipt")
    return dict(receipt.json()["answers"])


def _let_in(stack: Stack, link: str) -> requests.Response | None:
    answer = stack.ask("GET", link, headers={"Accept": "application/json"})
    assert answer.status_code in {200, TOO_MANY}, answer.text
    return None if answer.status_code == TOO_MANY else answer
