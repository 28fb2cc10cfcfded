"""Hostile requests to the public interface, by seed. A request is bytes and headers; what it should bring is not said
here: anything but a broken server.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from urllib.parse import quote, quote_plus

from tests.builders import kosi, kosi_answers
from tests.hostile.texts import decent_text, hostile_address, hostile_text

CALL = "kosi-lab-dortmund"
POST = f"/calls/{CALL}/submissions"
FORM = "application/x-www-form-urlencoded"
_TEXTS: Final = {one.id: one.type == "textarea" for one in kosi().fields.values() if one.type in {"text", "textarea"}}
VALUES: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    0,
    -1,
    2015.0,
    1e308,
    10**300,
    0.1,
    "",
    [],
    {},
    [[]],
    [None],
    {"a": {"b": []}},
    ["green"] * 500,
    "2015",
    " ",
    [1, "a", None],
)
KINDS: Final = (
    "application/json",
    "application/JSON; charset=utf-8",
    "application/json; charset=utf-16",
    "text/plain",
    "",
    "application/xml",
    "*/*",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=" + "x" * 300,
    FORM,
    f"{FORM}; charset=latin-1",
    "application/json, text/html",
    "image/png",
    "application/json;" * 50,
    "\x7f",
)


@dataclass(frozen=True)
class Hostile:
    """One request; `given` are the texts by field when it may well be accepted, posted for `address`."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    address: str = ""


def hostile_request(seed: int, run: str) -> Hostile:
    """The request of this seed; `run` makes addresses that no other run uses."""
    random = Random(f"hostile {seed}")
    make: Callable[[Random, int, str], Hostile] = random.choices(_MAKERS, [2, 3, 5, 4, 4, 4, 4, 4])[0]
    return make(random, seed, run)


def _answers(
    random: Random, seed: int, run: str, text: Callable[..., str]
) -> tuple[dict[str, Any], dict[str, str], str]:
    address = f"hostile-{run}-{seed}@example.org"
    names = [*random.sample(sorted(_TEXTS), 2), "name"]
    given = {name: text(random, 75) for name in names if name not in {"theme_other", "reporter_name"}}
    return kosi_answers(reporter_email=address) | given, given, address


def _decent(random: Random, seed: int, run: str) -> Hostile:
    """Strange, and nothing wrong with it: in one of the three ways to post."""
    answers, given, address = _answers(random, seed, run, decent_text)
    way = random.choice([_as_json, _as_form, _as_multipart])
    body, kind = way(answers)
    headers = {"Content-Type": kind, "Accept": "application/json", "Idempotency-Key": f"{run}-{seed}"}
    return Hostile("POST", POST, body, headers, given, address)


def _bad_texts(random: Random, seed: int, run: str) -> Hostile:
    answers, given, address = _answers(random, seed, run, hostile_text)
    if random.random() < 0.3:
        answers["reporter_email"], address = hostile_address(random), ""
    way = random.choice([_as_json, _as_form, _as_multipart])
    body, kind = way(answers)
    return Hostile("POST", POST, body, {"Content-Type": kind, "Accept": "application/json"}, given, address)


def _bad_values(random: Random, seed: int, run: str) -> Hostile:
    answers: dict[str, Any] = kosi_answers(reporter_email=f"hostile-{run}-{seed}@example.org")
    for name in random.sample([*kosi().fields, "unknown", "__proto__", "_ticket", "\x00"], 3):
        answers[name] = random.choice([*VALUES, hostile_text(random)])
    more = (
        {random.choice(["ticket", "altcha", "x", "answers2"]): random.choice(VALUES)} if random.random() < 0.3 else {}
    )
    body = json.dumps({"answers": answers, **more}).encode()
    return Hostile("POST", POST, body, {"Content-Type": "application/json"})


def _bad_json(random: Random, seed: int, run: str) -> Hostile:
    good = json.dumps({"answers": kosi_answers(reporter_email=f"hostile-{run}-{seed}@example.org")})
    depth = random.choice([2, 30, 5000])
    body = random.choice(
        [
            good.encode("utf-16"),
            b"\xef\xbb\xbf" + good.encode(),
            good.encode() + b"x",
            good.encode()[: random.randrange(len(good))],
            b"",
            b"null",
            b"[]",
            b"NaN",
            b'"' + b"a" * 70_000 + b'"',
            b"[" * depth + b"]" * depth,
            b'{"answers":' * depth + b"1" + b"}" * depth,
            b'{"answers":{"name":"\\ud800"}}',
            b'{"answers":{"name":"\xff\xfe"}}',
            b'{"answers":{},"answers":{}}',
            b'{"answers":{"name":"a","name":"b"}}',
            b'{"answers":{"since":' + b"9" * 5000 + b"}}",
            b'{"answers":{"since":1e999}}',
            b'{"answers":{"since":-Infinity}}',
            b"\x00" * 100,
            good.replace("knows", "\\u0000").encode(),
            good.encode("latin-1", "replace"),
            b'{"answers":{"' + b"k" * 60_000 + b'":1}}',
            random.randbytes(random.randrange(1, 2000)),
        ]
    )
    return Hostile("POST", POST, body, {"Content-Type": "application/json"})


def _bad_form(random: Random, seed: int, run: str) -> Hostile:
    good, kind = random.choice([_as_form, _as_multipart])(
        kosi_answers(reporter_email=f"hostile-{run}-{seed}@example.org")
    )
    place = random.randrange(len(good))
    part = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\nx\r\n'
    body = random.choice(
        [
            good[:place] + random.randbytes(3) + good[place:],
            good[:place],
            b"%",
            b"%ff=%fe&name=%C3%28",
            b"&" * 3000,
            b"=" * 3000,
            b"a=1&" * 4000,
            b"name[]=a&name[x][y]=b",
            b"_ticket=" + b"A" * 5000,
            b"name=" + quote(hostile_text(random), errors="replace").encode(),
            good + b"&name=again&name=again",
            good.replace(b"\r\n", b"\n"),
            part % b"name" * 500 + b"--b--",
            part % b'a"; filename="x.exe',
            part % b"\xff" + b"--b--",
            b"--b\r\n" + b"X: y\r\n" * 2000 + b"\r\nx\r\n--b--",
            b"--b" * 1000,
        ]
    )
    return Hostile(
        "POST", POST, body, {"Content-Type": random.choice([kind, kind, FORM, "multipart/form-data; boundary=b"])}
    )


def _bad_headers(random: Random, seed: int, run: str) -> Hostile:
    good, kind = _as_json(kosi_answers(reporter_email=f"hostile-{run}-{seed}@example.org"))
    latin = hostile_text(random, 200).encode("latin-1", "replace").decode("latin-1")
    value = "".join(one for one in latin if one.isprintable()) or "x"
    headers = {"Content-Type": kind}
    for _ in range(3):
        name = random.choice(
            [
                "Content-Type",
                "Accept",
                "Accept-Language",
                "Idempotency-Key",
                "Cookie",
                "Origin",
                "Authorization",
                "X-Forwarded-For",
                "Content-Encoding",
                "Accept-Encoding",
                "X-HTTP-Method-Override",
                "Range",
                "If-None-Match",
                "Forwarded",
                "Referer",
            ]
        )
        headers[name] = random.choice(
            [
                value,
                random.choice(KINDS[:-1]),
                "a," * 900,
                "*;q=2",
                "de;q=nan,en;q=1e9",
                "gzip",
                "__Host-session=x; x",
                "Bearer ",
                "null",
                "",
            ]
        )
    return Hostile(random.choice(["POST", "POST", "GET"]), random.choice([POST, "/", f"/calls/{CALL}"]), good, headers)


def _bad_path(random: Random, seed: int, run: str) -> Hostile:
    odd = quote(hostile_text(random, 60).encode("utf-8", "replace"), safe="")
    path = random.choice(
        [
            "/calls/{}",
            "/calls/{}/form",
            f"/calls/{CALL}/{{}}",
            f"/calls/{CALL}/thanks/{{}}",
            "/receipts/{}",
            "/receipts/{}/data.json",
            "/receipts/{}/confirm",
            "/static/{}",
            "/{}",
            f"/calls/{CALL}/form/{{}}",
            "/organiser/session/{}",
            f"/organiser/calls/{CALL}/submissions/{{}}",
            "/organiser/calls/{}/exports/x/files/{}",
            f"/calls/{CALL}/unsubscribe/{{}}",
            "/organiser?next={}",
            f"/calls/{CALL}?lang={{}}",
            f"/calls/{CALL}/form?lang={{}}&x={{}}",
            "/schemas/{}",
            f"/calls/{CALL}/landscape?theme={{}}",
            "/organiser/login?next={}",
        ]
    )
    method = random.choice(["GET", "GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])
    return Hostile(method, path.replace("{}", odd)[:4000])


def _other_bodies(random: Random, seed: int, run: str) -> Hostile:
    """Every other place that takes a body from anybody."""
    path = random.choice(
        [
            f"/calls/{CALL}/links",
            "/organiser/login",
            f"/calls/{CALL}/tickets",
            f"/calls/{CALL}/form/initiative",
            f"/calls/{CALL}/form/discard",
            "/organiser/logout",
            f"/organiser/calls/{CALL}/decisions",
            "/organiser/tokens",
            "/receipts/x/change",
            "/receipts/x/erase",
            f"/organiser/calls/{CALL}/mails/send",
            "/organiser/account",
        ]
    )
    member = random.choice(["email", "answers", "decision", "next", "name", "confirm"])
    value = random.choice([hostile_address(random), hostile_text(random), *VALUES])
    if random.random() < 0.5:
        return Hostile("POST", path, json.dumps({member: value}).encode(), {"Content-Type": random.choice(KINDS[:3])})
    return Hostile(
        "POST", path, f"{member}={quote_plus(str(value), errors='replace')}".encode(), {"Content-Type": FORM}
    )


_MAKERS: Final = (_decent, _bad_texts, _bad_values, _bad_json, _bad_form, _bad_headers, _bad_path, _other_bodies)


def _as_json(answers: dict[str, Any]) -> tuple[bytes, str]:
    return json.dumps({"answers": answers}, ensure_ascii=True).encode(), "application/json"


def _pairs(answers: dict[str, Any]) -> list[tuple[str, str]]:
    listed = [(name, one) for name, value in answers.items() for one in (value if isinstance(value, list) else [value])]
    return [(name, "on" if value is True else str(value)) for name, value in listed]


def _as_form(answers: dict[str, Any]) -> tuple[bytes, str]:
    pairs = (
        f"{quote_plus(name)}={quote_plus(value.encode('utf-8', 'surrogatepass'))}" for name, value in _pairs(answers)
    )
    return "&".join(pairs).encode(), FORM


def _as_multipart(answers: dict[str, Any]) -> tuple[bytes, str]:
    parts = (
        f'--border\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode("utf-8", "surrogatepass")
        for name, value in _pairs(answers)
    )
    return b"".join(parts) + b"--border--\r\n", "multipart/form-data; boundary=border"
