"""What the routes of somebody's own access take and give, for `/openapi.json`. The words are the views' docstrings."""

from __future__ import annotations

from typing import TypedDict

from chalicelib.access.roles import Role
from chalicelib.errors import ForeignOrigin, Unavailable
from chalicelib.organisers.login_operations import BODY, TEXT_PAGE
from chalicelib.web.operation import FORM, JSON, MULTIPART, PAGE, Answer, Operation, see


class SessionDocument(TypedDict):
    """One browser in which somebody is logged in; times are UTC, `seen_at` is right to some minutes."""

    session: str
    current: bool
    browser: str
    created_at: str
    seen_at: str


class AccountDocument(TypedDict):
    """Who you are, your role in each call, and where you are logged in."""

    name: str
    roles: dict[str, Role]
    sessions: list[SessionDocument]


class LoggedOutDocument(TypedDict):
    """The session is over."""

    state: str


_END = {
    "type": "object",
    "properties": {
        "session": {"type": "string", "description": "One of your sessions, or `others` for all but this one."}
    },
    "additionalProperties": False,
}

ACCOUNT = Operation(
    room="access",
    login=True,
    gives={200: Answer("As JSON or as a page.", {JSON: AccountDocument, PAGE: TEXT_PAGE})},
)
END_SESSIONS = Operation(
    room="access",
    login=True,
    takes=dict.fromkeys((JSON, FORM, MULTIPART), _END),
    gives={200: Answer("What is left.", {JSON: AccountDocument}), 303: see("For browsers: back to your access.")},
    refuses=BODY,
)
LOGOUT = Operation(
    room="access",
    gives={
        200: Answer("Logged out.", {JSON: LoggedOutDocument}, {"Set-Cookie": "Forgets the session."}),
        303: see("For browsers: to the page where one logs in."),
    },
    refuses=(ForeignOrigin, Unavailable),
)
