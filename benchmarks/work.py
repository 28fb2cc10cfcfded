"""What every stack is given to do: a submission of 2 KB to the call of Dortmund, as API Gateway hands it over."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.calls.call import Call
from infra.call_files import read_call_file

CALL_FILE = Path(__file__).parent.parent / "calls" / "kosi-lab-dortmund.yaml"
BODY_BYTES = 2048
_WORDS = (
    "Nachbarinnen und Nachbarn treffen sich jeden Samstag im Hof, reparieren Fahrräder, kochen zusammen und zeigen "
    "einander, was sie können. Wer neu im Viertel ist, findet hier schnell Anschluss. "
)


@cache
def call() -> Call:
    """The call, as its file has it."""
    return read_call_file(CALL_FILE)[0]


@cache
def body() -> bytes:
    """A JSON body of exactly `BODY_BYTES` bytes that the call accepts."""
    answers: dict[str, Any] = {
        "relation": "part_of",
        "name": "Offene Werkstatt Nordstadt",
        "summary": (_WORDS * 4)[:590].strip(),
        "themes": ["sustainable_development", "climate_protection", "new_jobs"],
        "districts": ["innenstadt-nord", "eving"],
        "place": "Hof hinter dem Borsigplatz 9",
        "target_groups": ["families", "everyone"],
        "actors": ["citizens", "association"],
        "phase": "running",
        "scope": "district",
        "since": 2014,
        "funding": ["volunteer", "donations"],
        "website": "https://werkstatt.example.org/nordstadt",
        "reporter_name": "Ayşe Müller",
        "reporter_email": "ayse.mueller@example.org",
        "privacy_read": True,
        "consent_publish": True,
        "consent_open_data": True,
        "problem": (_WORDS * 3)[:395].strip(),
        "novelty": "",
    }
    room = BODY_BYTES - len(_encoded(answers))
    text = (_WORDS * 3).encode()[:room]
    while len(_encoded(answers | {"novelty": text.decode(errors="ignore").strip()})) < BODY_BYTES:
        text += b"."
    answers["novelty"] = text.decode(errors="ignore").strip()
    return _encoded(answers)


def _encoded(answers: dict[str, Any]) -> bytes:
    return json.dumps({"answers": answers}, ensure_ascii=False).encode()


def event(key: str, *, base64_body: str | None = None) -> dict[str, Any]:
    """The event of API Gateway's REST API (proxy integration) for one submission with this `Idempotency-Key`."""
    name = call().call
    headers = {
        "Accept": "application/json", "Accept-Encoding": "gzip, deflate, br", "Accept-Language": "de-DE,de;q=0.9",
        "CloudFront-Forwarded-Proto": "https", "CloudFront-Is-Desktop-Viewer": "true",
        "CloudFront-Viewer-Country": "DE", "Content-Type": "application/json", "Host": "api.example.org",
        "Idempotency-Key": key, "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Via": "2.0 0123456789abcdef.cloudfront.net (CloudFront)", "X-Forwarded-For": "192.0.2.1, 198.51.100.1",
        "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https",
        "X-Amzn-Trace-Id": "Root=1-5e66d96f-7491f09xmpl79d18acf3d050",
    }  # fmt: skip
    path = f"/calls/{name}/submissions"
    return {
        "resource": "/calls/{call}/submissions",
        "path": path,
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {one: [value] for one, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"call": name},
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/calls/{call}/submissions", "httpMethod": "POST", "path": f"/api{path}", "stage": "api",
            "accountId": "000000000000", "resourceId": "abcdef", "apiId": "abcdef1234", "protocol": "HTTP/1.1",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "requestTime": "04/May/2026:12:00:00 +0000",
            "requestTimeEpoch": 1777896000000, "domainName": "api.example.org",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "Mozilla/5.0"},
        },
        "body": base64_body or body().decode(),
        "isBase64Encoded": base64_body is not None,
    }  # fmt: skip


def stored_call() -> dict[str, Any]:
    """The call as its table gives it, in DynamoDB's JSON."""
    return {
        "call": {"S": call().call},
        "version": {"N": "1"},
        "published_at": {"S": "2026-05-04T12:00:00.000Z"},
        "definition": {"S": msgspec.json.encode(call()).decode()},
    }


def form() -> dict[str, Any]:
    """The call's form for the other stacks: what each field takes."""
    return {
        name: {
            "type": field.type,
            "required": field.required,
            "min_length": field.min_length or 0,
            "max_length": field.max_length or 1000,
            "min": field.min or 0,
            "max": field.max or 9999,
            "choices": [choice.id for choice in field.choices],
        }
        for name, field in call().fields.items()
    }
