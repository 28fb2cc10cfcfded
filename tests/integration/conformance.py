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


@cache
def document() -> dict[str, Any]:
    """Without calls: what holds for all of them."""
    return msgspec.json.decode(msgspec.json.encode(openapi_document(everything_served(), [], base="")))


@cache
def validator(method: str, resource: str, status: str, kind: str) -> Draft202012Validator:
    schema = document()["paths"][resource][method]["responses"][status]["content"][kind]["schema"]
    return Draft202012Validator({"components": document()["components"], **schema})
