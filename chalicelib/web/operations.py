"""What the routes that belong to no room take and give, for `/openapi.json`."""

from __future__ import annotations

from chalicelib.calls.schema import call_name
from chalicelib.errors import NotFound, Unavailable
from chalicelib.web.operation import JSON, Answer, Operation, page

_FILE = {"type": "string"}

OPENAPI = Operation(
    room="calls",
    query={"call": {"type": "string", "description": "The name of a call that the document is to be about."}},
    headers={"If-None-Match": {"type": "string"}},
    gives={
        200: Answer("An OpenAPI document (3.1).", {JSON: {"type": "object"}}, {"ETag": "What `If-None-Match` names."}),
        304: Answer("It is the same."),
    },
    refuses=(NotFound, Unavailable),
)
STATIC = Operation(
    room="files",
    names={"name": {"type": "string", "pattern": "^[0-9A-Za-z._-]+$"}},
    gives={
        200: Answer(
            "The file.",
            dict.fromkeys(("text/css", "text/javascript", "image/png", "image/svg+xml", "font/woff2"), _FILE),
        )
    },
    refuses=(NotFound,),
)
ACCESSIBILITY = Operation(
    room="calls",
    names={"call": call_name},
    gives={200: page("The accessibility statement.")},
    refuses=(NotFound, Unavailable),
)
