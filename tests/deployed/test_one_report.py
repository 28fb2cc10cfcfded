"""One report from the post to the nightly file, as the README shows it with curl."""

import json
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from typing import NamedTuple

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
    link = LINK.search(mail["text"])
    assert link is not None
    assert link[0] in mail["html"]
    assert "Bücherzelle" not in mail["text"] + mail["html"] + mail["subject"], (
        "what was sent is not repeated to strangers"
    )

    for _ in range(2):
        looked = curl("GET", link[0]).json()
        assert (looked["state"], looked["actions"]) == ("received", ["confirm"])
        assert curl("HEAD", link[0]).status == 200
        assert curl("GET", link[0], Accept="text/html").status == 200
    assert curl("GET", f"{link[0]}/confirm").status == 405
    assert curl("GET", link[0]).json()["state"] == "received"

    confirmed = curl("POST", f"{link[0]}/confirm")
    assert (confirmed.status, confirmed.json()["state"]) == (200, "confirmed")
    again = curl("POST", f"{link[0]}/confirm")
    assert (again.status, again.json()) == (200, confirmed.json())
    assert curl("GET", link[0]).json()["answers"]["name"] == answers["name"]

    stack.drain()
    exported = curl("POST", f"{url}/_local/nightly").json()["exports"]
    assert [(one["call"], one["state"]) for one in exported] == [(CALL, "ready")]
    export_id = exported[0]["export_id"]

    token = curl("POST", f"{url}/_local/token").json()["token"]
    file = f"{url}/organiser/calls/{CALL}/exports/{export_id}/files/submissions.json"
    assert curl("GET", file).status == 401
    pointed = curl("GET", file, Authorization=f"Bearer {token}")
    assert pointed.status == 302
    # The link speaks for itself: a second proof beside it would be refused by S3.
    fetched = curl("GET", pointed.headers["location"])
    assert fetched.status == 200
    document = fetched.json()
    exported_report = next(one for one in document["submissions"] if one["reference"] == report["reference"])
    assert exported_report["state"] == "confirmed"
    assert exported_report["answers"] == answers
    assert [(one["kind"], one["state"], one["attempts"]) for one in exported_report["mails"]] == [
        ("confirm", "sent", 1)
    ]

    assert document["$schema"].startswith(f"{url}/schemas/submissions-")
    judge = published_schema(document["$schema"])
    assert [error.message for error in judge.iter_errors(document)] == []
    assert not judge.is_valid(document | {"submissions": [{"reference": "?"}]}), "the schema says nothing"

    manifest = curl("GET", file.replace("submissions.json", "manifest.json"), Authorization=f"Bearer {token}")
    manifest_document = curl("GET", manifest.headers["location"]).json()
    judge = published_schema(manifest_document["$schema"])
    assert [error.message for error in judge.iter_errors(manifest_document)] == []
    assert sum(manifest_document["counts"].values()) == len(document["submissions"])

    unchanged = curl("POST", f"{url}/_local/nightly").json()["exports"]
    assert unchanged == [{"call": CALL, "export_id": export_id, "state": "ready", "unchanged": True}]


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
    link = LINK.search(stack.mail(address)["text"])
    assert link is not None
    assert stack.ask("POST", f"{link[0]}/confirm").status_code in (200, 303)
    repeated = stack.post_report(answers, key=key)
    assert repeated.status_code == 200
    assert repeated.json() == first.json() | {"state": "confirmed"}


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_mail_is_in_the_language_of_the_post(stack: Stack, address: str, language: str) -> None:
    reference = stack.accepted(kosi_answers(reporter_email=address), language=language)
    words = {"de": "Bitte bestätigen Sie Ihre Meldung", "en": "Please confirm your report"}
    assert stack.mail(address)["subject"] == f"{words[language]} {reference}"
