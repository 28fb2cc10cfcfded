"""One report from the post to the nightly file, as the README shows it with curl."""

import json
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from typing import Any, NamedTuple

import pytest
from jsonschema import Draft202012Validator

from tests.builders import kosi_answers
from tests.deployed.stack import CALL, Stack
from tests.local.waiting import wait_for

LINK = re.compile(r"http://127\.0\.0\.1:\d+/receipts/[\w.~-]+")
REFERENCE = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str

    def json(self):
        return json.loads(self.text)


def curl(method: str, url: str, body: object = None, **headers: str) -> Answer:
    """One request by curl, which the README uses; by Python where there is no curl."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        named["Content-Type"] = "application/json"
    if shutil.which("curl") is None:
        return by_python(method, url, body, named)
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--include", "--max-time", "60"]
    command += ["--head"] if method == "HEAD" else ["--request", method]
    for name, value in named.items():
        command += ["--header", f"{name}: {value}"]
    if body is not None:
        command += ["--data-binary", json.dumps(body, ensure_ascii=False)]
    # As bytes: Python's universal newlines would hide where the headers end.
    raw = subprocess.run([*command, url], capture_output=True, check=True).stdout.decode()
    head, _, content = raw.partition("\r\n\r\n")
    status_line, *lines = head.split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    return Answer(int(status_line.split()[1]), {name.lower(): value for name, _, value in pairs}, content)


def by_python(method: str, url: str, body: object, headers: dict[str, str]) -> Answer:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_args: object) -> None:
            return None

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
    data = None if body is None else json.dumps(body).encode()
    try:
        with opener.open(urllib.request.Request(url, data, headers, method=method), timeout=60) as answer:
            found = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            found = error.code, error.headers, error.read()
    return Answer(found[0], {name.lower(): value for name, value in found[1].items()}, found[2].decode())


def published_schema(address: str) -> Draft202012Validator:
    """The schema that a file names."""
    answer = curl("GET", address)
    assert answer.status == 200, f"{address} is not published"
    assert answer.headers["content-type"] == "application/schema+json"
    Draft202012Validator.check_schema(answer.json())
    return Draft202012Validator(answer.json(), format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_a_report_goes_from_the_post_to_the_nightly_file(stack: Stack, address: str) -> None:
    answers = kosi_answers(reporter_email=address, name="Bücherzelle am Hörder Neumarkt")
    url = stack.url

    created = curl("POST", f"{url}/calls/{CALL}/submissions", {"answers": answers})
    assert created.status == 201, created.text
    report = created.json()
    assert REFERENCE.fullmatch(report["reference"])
    assert (report["state"], report["call"]) == ("received", CALL)
    assert "receipts" not in created.headers["location"]

    mail = wait_for(
        lambda: [one for one in curl("GET", f"{url}/_local/mails").json() if one["to"] == address],
        seconds=10,
        what="the mail",
    )[0]
    assert report["reference"] in mail["subject"]
    link = link_in(mail)
    assert "Bücherzelle" not in mail["text"] + mail["html"] + mail["subject"], "strangers are not told what was sent"

    looking_changes_nothing(link)
    confirmed = curl("POST", f"{link}/confirm")
    assert (confirmed.status, confirmed.json()["state"]) == (200, "confirmed")
    again = curl("POST", f"{link}/confirm")
    # Its mails are on their way meanwhile.
    assert (again.status, again.json() | {"mails": []}) == (200, confirmed.json() | {"mails": []})
    assert curl("GET", link).json()["answers"] == answers

    stack.drain()
    exported = curl("POST", f"{url}/_local/nightly").json()["exports"]
    [export] = [one for one in exported if one["call"] == CALL]
    assert export["state"] == "ready"
    export_id = export["export_id"]
    document = download(url, export_id, "submissions.json")
    exported_report = next(one for one in document["submissions"] if one["reference"] == report["reference"])
    assert (exported_report["state"], exported_report["answers"]) == ("confirmed", answers)
    assert [(one["kind"], one["state"], one["attempts"]) for one in exported_report["mails"]] == [
        ("confirm", "delivered", 1),
        ("receipt", "delivered", 1),
    ]

    unchanged = curl("POST", f"{url}/_local/nightly").json()["exports"]
    assert {"call": CALL, "export_id": export_id, "state": "ready", "unchanged": True} in unchanged


def test_the_files_are_what_their_published_schemas_say(stack: Stack, address: str) -> None:
    stack.accepted(kosi_answers(reporter_email=address))
    stack.mail(address)
    exports = curl("POST", f"{stack.url}/_local/nightly").json()["exports"]
    [export_id] = [one["export_id"] for one in exports if one["call"] == CALL]
    submissions = download(stack.url, export_id, "submissions.json")
    manifest = download(stack.url, export_id, "manifest.json")
    assert sum(manifest["counts"].values()) == len(submissions["submissions"]) > 0

    for document, name in ((submissions, "submissions"), (manifest, "manifest")):
        assert document["$schema"].startswith(f"{stack.url}/schemas/{name}-")
        judge = published_schema(document["$schema"])
        assert [error.message for error in judge.iter_errors(document)] == []
        without_call = {member: value for member, value in document.items() if member != "call"}
        assert not judge.is_valid(without_call), f"the schema of {name} says nothing"


def looking_changes_nothing(link: str) -> None:
    """Mail scanners follow links, some with HEAD, some twice."""
    for _ in range(2):
        looked = curl("GET", link).json()
        assert looked["state"] == "received"
        assert "confirm" in looked["actions"]
        assert curl("HEAD", link).status == 200
        assert curl("GET", link, Accept="text/html").status == 200
    assert curl("GET", f"{link}/confirm").status == 405
    assert curl("GET", link).json()["state"] == "received"


def link_in(mail: dict[str, str]) -> str:
    """The address of the receipt, whole in both parts."""
    found = LINK.search(mail["text"])
    assert found is not None, mail["text"]
    assert found[0] in mail["html"]
    return found[0]


def download(url: str, export_id: str, name: str) -> dict[str, Any]:
    """A file of an export, by the organisers' route."""
    token = curl("POST", f"{url}/_local/token").json()["token"]
    file = f"{url}/organiser/calls/{CALL}/exports/{export_id}/files/{name}"
    assert curl("GET", file).status == 401
    pointed = curl("GET", file, Authorization=f"Bearer {token}")
    assert pointed.status == 302, pointed.text
    # The link speaks for itself: a second proof beside it would be refused by S3.
    fetched = curl("GET", pointed.headers["location"])
    assert fetched.status == 200, fetched.text
    return dict(fetched.json())


def test_a_repeated_post_gives_the_same_reference_and_no_second_mail(stack: Stack, address: str, key: str) -> None:
    posts = f"{stack.url}/calls/{CALL}/submissions"
    answers = kosi_answers(reporter_email=address)
    first = curl("POST", posts, {"answers": answers}, Idempotency_Key=key)
    assert first.status == 201
    assert "idempotent-replayed" not in first.headers

    repeated = curl("POST", posts, {"answers": answers}, Idempotency_Key=key)
    assert (repeated.status, repeated.headers["idempotent-replayed"]) == (200, "true")
    assert repeated.json() == first.json()

    other = curl("POST", posts, {"answers": answers | {"name": "Etwas anderes"}}, Idempotency_Key=key)
    assert (other.status, other.headers["content-type"]) == (422, "application/problem+json")
    assert other.json()["code"] == "idempotency-mismatch"
    assert other.json()["reference"] == first.json()["reference"]

    stack.mail(address)
    stack.drain()
    assert len(stack.mails(address)) == 1


def test_a_repeat_after_the_confirmation_gives_the_state_as_it_is_now(stack: Stack, address: str, key: str) -> None:
    answers = kosi_answers(reporter_email=address)
    first = stack.post_report(answers, key=key)
    assert curl("POST", f"{link_in(stack.mail(address))}/confirm").status == 200
    repeated = stack.post_report(answers, key=key)
    assert repeated.status_code == 200
    assert repeated.json() == first.json() | {"state": "confirmed"}


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_mail_is_in_the_language_of_the_post(stack: Stack, address: str, language: str) -> None:
    reference = stack.accepted(kosi_answers(reporter_email=address), language=language)
    words = {"de": "Bitte bestätigen Sie Ihre Meldung", "en": "Please confirm your report"}
    assert stack.mail(address)["subject"] == f"{words[language]} {reference}"
