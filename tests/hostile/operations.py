"""Hostile requests to every operation there is, read off the document: a new one is met by the same by itself.

Names of members, parameters and good values come from the OpenAPI document, so that some requests are nearly right and
get past the first look.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from random import Random
from typing import Any, Final
from urllib.parse import quote, quote_plus, urlencode

from tests.hostile.files import hostile_list
from tests.hostile.requests import FORM, KINDS, VALUES, Hostile
from tests.hostile.texts import hostile_address, hostile_text

MULTIPART: Final = "multipart/form-data; boundary=frontier"
Document = Mapping[str, Any]
_DIGITS: Final = ("9" * 5000, "-1", "0", "٣", "²", "1e9", "99999999999", "2026-02-30", "10000-01-01", "0001-01-01")
_HEADERS: Final = (
    "Accept", "Accept-Language", "Cookie", "If-None-Match", "Idempotency-Key", "Range", "Accept-Encoding", "Host",
    "X-Forwarded-Host", "Sec-Fetch-Site",
)  # fmt: skip


def operations(document: Document) -> list[tuple[str, str]]:
    """Every path with its method."""
    return [(path, method.upper()) for path, item in document["paths"].items() for method in item if method in METHODS]


METHODS: Final = ("get", "post", "put", "delete", "patch")


def hostile_to(document: Document, path: str, method: str, seed: int, names: Mapping[str, str]) -> Hostile:
    """The request of this seed; `names` are values for placeholders behind which there is something."""
    random = Random(f"{method} {path} {seed}")
    asked = document["paths"][path][method.lower()]
    address = re.sub(r"{(\w+)}", lambda found: _name(random, names.get(found[1])), path)
    known = [one["name"] for one in asked.get("parameters", ()) if one.get("in") == "query"]
    query = {name: _text(random) for name in random.sample(known, min(len(known), random.randrange(4)))}
    if random.random() < 0.1:
        query[_text(random)] = _text(random)
    if query:
        address += f"?{urlencode(query, errors='replace')}"
    headers = {"Accept": random.choice(["application/json", "text/html", "*/*"])}
    if random.random() < 0.3:
        latin = _text(random).encode("latin-1", "replace").decode("latin-1")
        headers[random.choice(_HEADERS)] = "".join(one for one in latin if one.isprintable())[:500]
    if method != "POST":
        return Hostile(method, address, b"", headers)
    body, kind = _body(random, document, asked.get("requestBody", {}).get("content", {}))
    return Hostile(method, address, body, headers | {"Content-Type": kind})


def _name(random: Random, known: str | None) -> str:
    if known is not None and random.random() < 0.85:
        return known
    return quote(_text(random)[:200].encode("utf-8", "replace"), safe="") or "x"


def _body(random: Random, document: Document, content: Mapping[str, Any]) -> tuple[bytes, str]:
    kind = random.choice([*content, *content, "application/json"])
    schema = _resolved(random, document, content.get(kind, {}).get("schema", {}))
    if random.random() < 0.1:
        return random.randbytes(random.randrange(200)), random.choice([kind, *KINDS])
    members = {
        name: _value(random, document, one)
        for name, one in schema.get("properties", {}).items()
        if random.random() < 0.8
    }
    for _ in range(random.choice([0, 0, 0, 1])):
        members[_text(random)] = _value(random, document, {})
    if kind == FORM:
        return _pairs(members).encode(), kind
    if kind.startswith("multipart/"):
        return _parts(random, members), MULTIPART
    if kind in {"application/json", ""} or kind.endswith("+json"):
        return json.dumps(members).encode(), kind
    return hostile_list(random), kind


def _value(random: Random, document: Document, schema: Mapping[str, Any]) -> Any:
    """Something that this member may not be, or may be."""
    schema = _resolved(random, document, schema)
    chance = random.random()
    types = schema.get("type", "")
    kind = random.choice(types) if isinstance(types, list) else types
    if chance < 0.35 and ("enum" in schema or "const" in schema):
        return random.choice(schema.get("enum") or [schema["const"]])
    if chance < 0.5 and kind == "array":
        return [_value(random, document, schema.get("items", {})) for _ in range(random.choice([0, 1, 3, 300]))]
    if chance < 0.5 and kind == "object":
        return {name: _value(random, document, one) for name, one in schema.get("properties", {}).items()}
    if chance < 0.5 and kind in {"integer", "number"}:
        return random.choice([0, 1, -1, 2**63, 10**300, 1.5])
    return random.choice([_text(random), random.choice(VALUES), {}, [], [_text(random)], [[]]])


def _text(random: Random) -> str:
    return random.choice([hostile_text(random), hostile_text(random), hostile_address(random), random.choice(_DIGITS)])


def _resolved(random: Random, document: Document, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return _resolved(random, document, random.choice(schema[several]))
    return schema


def _flat(members: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, str(one)) for name, value in members.items() for one in (value if isinstance(value, list) else [value])
    ]


def _pairs(members: Mapping[str, Any]) -> str:
    return "&".join(
        f"{quote_plus(name, errors='replace')}={quote_plus(value, errors='replace')}" for name, value in _flat(members)
    )


def _parts(random: Random, members: Mapping[str, Any]) -> bytes:
    file = random.choice(["", '; filename="a.csv"', '; filename="../../x"', "; filename*=utf-8''%00", '; filename="'])
    if "file" in members:
        head = f'--frontier\r\nContent-Disposition: form-data; name="file"{file}\r\n\r\n'.encode()
        return head + hostile_list(random) + b"\r\n--frontier--\r\n"
    parts = [
        f'--frontier\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{value}\r\n'
        for name, value in _flat(members)
    ]
    return ("".join(parts) + random.choice(["--frontier--\r\n", "--frontier--", "", "--frontier"])).encode(
        "utf-8", "replace"
    )
