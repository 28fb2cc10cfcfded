"""The OpenAPI document (3.1), made from what the doors serve and what the views say of themselves.

Paths, methods and placeholders are those of the routes, words are the views' docstrings, answers that are refusals come
from their classes, schemas from the types that views answer with. Nothing here is asked before `/openapi.json` is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from inspect import getdoc
from itertools import groupby
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from chalicelib.errors import ForeignOrigin, LoginNeeded, NotFound, Unavailable
from chalicelib.web.openapi_schemas import Schemas
from chalicelib.web.operation import PAGE, Answer, Operation, Schema, see

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.errors import Refusal
    from chalicelib.web.door import Served

OPENAPI = "3.1.1"
VERSION = "1.0.0"  # of the interface: a part more makes 1.1.0, and what is there only grows
PROBLEM = "application/problem+json"
_ABOUT = """\
Collects reports to open calls. Programs send `Accept: application/json`; who names `text/html` gets pages.

Refusals are problem documents (RFC 9457): `code` stays the same in every language, `errors` names the fields. Words
come in the best language of `lang`, else of `Accept-Language`. HEAD is answered wherever GET is; OPTIONS where pages of
other sites may read the answers (CORS).

With `?call=` this document is about one call and says exactly what its form takes.
"""
_PLACEHOLDER = re.compile(r"{([a-z_]+)}")
_LANGUAGE: Schema = {
    "name": "lang",
    "in": "query",
    "description": "The language to answer in; one that is not there is passed over.",
    "schema": {"type": "string"},
    "example": "en",
}
_LOGIN: Schema = {"type": "http", "scheme": "bearer", "description": "An organiser's API token."}
_SESSION: Schema = {
    "type": "apiKey",
    "in": "cookie",
    "name": "__Host-session",
    "description": "An organiser's browser; it also says `Origin` with whatever changes something.",
}


def openapi_document(served: Iterable[Served], calls: Sequence[Call], *, base: str) -> dict[str, Any]:
    """The document of everything that is `served`, with schemas for what `calls` ask; silent views are left out.

    `base` is the app's public address.
    """
    described = [(one, one.about) for one in served if one.about is not None]
    schemas = Schemas(_types(about for _, about in described), calls)
    paths: dict[str, dict[str, Any]] = {}
    for one, about in described:
        for method in one.methods:
            paths.setdefault(one.path, {})[method.lower()] = _operation(one.path, one, about, schemas)
            for path, operation in _known(one, about, calls, schemas):
                paths.setdefault(path, {})[method.lower()] = operation
    return {
        "openapi": OPENAPI,
        "info": {"title": "Aufruf", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "parameters": {"lang": _LANGUAGE},
            "securitySchemes": {"token": _LOGIN, "session": _SESSION},
        },
    }


def _types(operations: Iterable[Operation]) -> list[Any]:
    """The types that answers are made of."""
    answers = (answer for about in operations for answer in about.gives.values())
    return [body for answer in answers for body in answer.bodies.values() if not isinstance(body, dict)]


def _known(
    served: Served, about: Operation, calls: Sequence[Call], schemas: Schemas
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The same operation once more for each value of a placeholder that decides what is taken."""
    for name, bodies in about.each.items():
        for value, body in bodies(calls).items():
            path = served.path.replace(f"{{{name}}}", value)
            schema = schemas.named(f"{served.view.__name__}_{value}", body) if about.takes else {}
            known = replace(about, takes=dict.fromkeys(about.takes, schema))
            operation = _operation(path, served, known, schemas)
            yield path, operation | {"operationId": f"{served.view.__name__}_{value}"}


def _operation(path: str, served: Served, about: Operation, schemas: Schemas) -> dict[str, Any]:
    if about.login:
        about = _with_login(served, about)
    summary, _, description = (getdoc(served.view) or "").partition("\n\n")
    document: dict[str, Any] = {
        "operationId": served.view.__name__,
        "summary": " ".join(summary.split()),
        "tags": [about.room],
        "parameters": _parameters(path, about, schemas),
        "responses": _responses(about, schemas),
    }
    if description:
        document["description"] = description
    if about.takes:
        content = {kind: {"schema": schemas.of(body)} for kind, body in about.takes.items()}
        document["requestBody"] = {"required": about.body_required, "content": content}
    if about.login:
        document["security"] = [{"token": []}, {"session": []}]
    return document


def _with_login(served: Served, about: Operation) -> Operation:
    """An operation for organisers, with what the check of their login answers beside the view."""
    needed = (LoginNeeded, NotFound, Unavailable, *(() if served.methods == ("GET",) else (ForeignOrigin,)))
    login = see("For browsers: to the page where one logs in.")
    refuses = tuple(dict.fromkeys((*about.refuses, *needed)))
    return replace(about, refuses=refuses, gives={303: login} | dict(about.gives))


def _parameters(path: str, about: Operation, schemas: Schemas) -> list[dict[str, Any]]:
    placeholders = [
        {"name": name, "in": "path", "required": True, "schema": schemas.of(about.names[name])}
        for name in _PLACEHOLDER.findall(path)
    ]
    beside = [
        {"name": name, "in": place, "schema": schema}
        for place, named in (("query", about.query), ("header", about.headers))
        for name, schema in named.items()
    ]
    return [*placeholders, *beside, {"$ref": "#/components/parameters/lang"}]


def _responses(about: Operation, schemas: Schemas) -> dict[str, Any]:
    responses = {str(status): _answer(answer, schemas) for status, answer in about.gives.items()}
    by_status = sorted(about.refuses, key=lambda refusal: refusal.status)
    for status, refusals in groupby(by_status, key=lambda refusal: refusal.status):
        responses[str(status)] = _refused(status, list(refusals))
    return dict(sorted(responses.items()))


def _answer(answer: Answer, schemas: Schemas) -> dict[str, Any]:
    document: dict[str, Any] = {"description": answer.says}
    if answer.headers:
        document["headers"] = {name: _header(says) for name, says in answer.headers.items()}
    if answer.bodies:
        document["content"] = {kind: {"schema": schemas.of(body)} for kind, body in answer.bodies.items()}
    if answer.links:
        document["links"] = {
            link.to: {"operationId": link.to, "description": link.says}
            | ({"parameters": dict(link.takes)} if link.takes else {})
            | ({"requestBody": dict(link.body)} if link.body else {})
            for link in answer.links
        }
    return document


def _refused(status: int, refusals: Sequence[type[Refusal]]) -> dict[str, Any]:
    """One status, which may have several causes: each has a code of its own."""
    codes = list(dict.fromkeys(refusal.code for refusal in refusals))
    says = "\n".join(dict.fromkeys(f"- `{refusal.code}`: {refusal.title}" for refusal in refusals))
    problem = {
        "allOf": [{"$ref": "#/components/schemas/Problem"}],
        "properties": {"status": {"const": status}, "code": {"enum": codes}},
    }
    document: dict[str, Any] = {
        "description": says,
        "content": {PROBLEM: {"schema": problem}, PAGE: {"schema": {"type": "string"}}},
    }
    headers: Mapping[str, str] = {name: value for refusal in refusals for name, value in refusal.headers.items()}
    if headers:
        document["headers"] = {name: _header(f"`{value}`") for name, value in headers.items()}
    return document


def _header(says: str) -> dict[str, Any]:
    return {"description": says, "schema": {"type": "string"}}
