"""What the routes of API tokens take and give, for `/openapi.json`. The words are the views' docstrings."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from chalicelib.access.roles import ROLES, Role
from chalicelib.errors import ChangedMeanwhile
from chalicelib.organisers.handing_on import LONGEST_NAME, MOST_DAYS
from chalicelib.organisers.login_operations import BODY, TEXT_PAGE
from chalicelib.web.operation import FORM, JSON, MULTIPART, PAGE, Answer, Operation, see


class TokenDocument(TypedDict):
    """A token; times are UTC, `used_at` is right to the hour. `token` itself is there once, when it is made."""

    id: str
    name: str
    role: Role
    calls: list[str]
    created_at: str
    expires_at: str
    used_at: str | None
    token: NotRequired[str]


class TokensDocument(TypedDict):
    """Your tokens, newest first."""

    tokens: list[TokenDocument]


_MAKE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": LONGEST_NAME, "description": "Stands in the log, with your address."},
        "role": {"enum": list(ROLES)},
        "calls": {"type": ["array", "string"], "items": {"type": "string"}},
        "days": {"type": ["integer", "string"], "minimum": 1, "maximum": MOST_DAYS},
    },
    "required": ["name", "calls"],
    "additionalProperties": False,
}
_REVOKE: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"type": "string"}},
    "additionalProperties": False,
}
_ALL = {JSON: TokensDocument, PAGE: TEXT_PAGE}

LIST = Operation(room="access", login=True, gives={200: Answer("As JSON or as a page.", _ALL)})
MAKE = Operation(
    room="access",
    login=True,
    takes=dict.fromkeys((JSON, FORM, MULTIPART), _MAKE),
    gives={201: Answer("It is made, and shown this once.", {JSON: TokenDocument, PAGE: TEXT_PAGE})},
    refuses=(*BODY, ChangedMeanwhile),
)
REVOKE = Operation(
    room="access",
    login=True,
    takes=dict.fromkeys((JSON, FORM, MULTIPART), _REVOKE),
    gives={200: Answer("What is left.", {JSON: TokensDocument}), 303: see("For browsers: back to your tokens.")},
    refuses=BODY,
)
