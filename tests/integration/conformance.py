"""Every answer that a test of this folder sees is one that the OpenAPI document names."""

import json
from functools import cache
from typing import Any

import msgspec
from jsonschema import Draft202012Validator

from chalicelib.web.door import everything_served
from chalicelib.web.openapi import openapi_document


def check_answer(method: str, resource: str, status: int, headers: dict[str, str], body: str) -> None:
    """Fails for an answer that the document does not have. `resource` is the route as API Gateway knows it."""
    _check_headers(headers)
    operation = document()["paths"].get(resource, {}).get("get" if method == "HEAD" else method.lower())
    if operation is None:
        # No route, no such method at it, or what a browser asks before it asks (CORS): of no operation.
        assert status in ({204} if method == "OPTIONS" else set()) | {404, 405}, (method, resource, status)
        return
    named = f"{method} {resource}: {status}"
    if status == 500:
        return  # a fault that a test planted; no operation promises one
    assert str(status) in operation["responses"], f"{named} is not in the document"
    response = operation["responses"][str(status)]
    assert set(response.get("headers", {})) <= set(headers), f"{named}: {headers}"
    if method == "HEAD" or not body:
        return
    kind = headers["Content-Type"].partition(";")[0]
    assert kind in response.get("content", {}), f"{named}: {kind} is not in the document"
    if kind.endswith("json") and "Content-Encoding" not in headers:
        validator(method.lower(), resource, str(status), kind).validate(json.loads(body))


def _check_headers(headers: dict[str, str]) -> None:
    """What every answer says to a browser, whatever it is (OWASP ASVS 5.0, 3.4 and 4.1.1)."""
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
    policy = headers["Content-Security-Policy"]
    for directive in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert directive in policy
    assert "unsafe" not in policy
    kind = headers["Content-Type"]
    assert "charset=utf-8" in kind or not kind.startswith("text/"), kind


@cache
def document() -> dict[str, Any]:
    """Without calls: what holds for all of them."""
    return msgspec.json.decode(msgspec.json.encode(openapi_document(everything_served(), [], base="")))


@cache
def validator(method: str, resource: str, status: str, kind: str) -> Draft202012Validator:
    schema = document()["paths"][resource][method]["responses"][status]["content"][kind]["schema"]
    return Draft202012Validator({"components": document()["components"], **schema})
