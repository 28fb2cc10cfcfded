"""What the routes of the way in take and give, for `/openapi.json`. The words are the views' docstrings."""

from __future__ import annotations

from typing import Any, TypedDict

from chalicelib.calls.answers import AnswersInvalid
from chalicelib.calls.patterns import EMAIL
from chalicelib.errors import ForeignOrigin, NotFound, Unavailable
from chalicelib.web.bodies import BodyTooLarge, BodyUnreadable, MediaTypeUnknown
from chalicelib.web.operation import FORM, JSON, MULTIPART, PAGE, Answer, Operation, page, see

TEXT_PAGE = {"type": "string"}
BODY = (BodyTooLarge, MediaTypeUnknown, BodyUnreadable, AnswersInvalid)
_TOKEN = {"token": {"type": "string", "pattern": "^[0-9A-Za-z_-]+$", "description": "From the link in the mail."}}
_COOKIE = {"Set-Cookie": "The session, for this browser alone."}


class LoginAskedDocument(TypedDict):
    """It is asked for: a mail comes, if the address is an organiser's."""

    state: str


class LoginLinkDocument(TypedDict):
    """A link that is good, until when (UTC)."""

    state: str
    expires_at: str


class LoggedInDocument(TypedDict):
    """Who is logged in, and until when (UTC) if they do nothing."""

    state: str
    name: str
    expires_at: str


_ASK: dict[str, Any] = {
    "type": "object",
    "properties": {
        "email": {"type": "string", "pattern": EMAIL, "maxLength": 254},
        "next": {"type": "string", "description": "A page of the organisers' area, from the app's root."},
    },
    "required": ["email"],
    "additionalProperties": False,
}

SHOW_LOGIN = Operation(
    room="access",
    query={"next": {"type": "string", "description": "Where to go afterwards, from the app's root."}},
    gives={200: page("The form.")},
    refuses=(Unavailable,),
)
ASK_LOGIN = Operation(
    room="access",
    takes={JSON: _ASK, FORM: _ASK, MULTIPART: _ASK},
    gives={202: Answer("Asked for.", {JSON: LoginAskedDocument}), 303: see("For browsers: what follows.")},
    refuses=(*BODY, ForeignOrigin, Unavailable),
)
LOGIN_SENT = Operation(room="access", gives={200: page("What follows.")})
SHOW_SESSION = Operation(
    room="access",
    names=_TOKEN,
    gives={200: Answer("It is good.", {JSON: LoginLinkDocument, PAGE: TEXT_PAGE})},
    refuses=(NotFound, Unavailable),
)
START_SESSION = Operation(
    room="access",
    names=_TOKEN,
    gives={
        200: Answer("Logged in.", {JSON: LoggedInDocument}, _COOKIE),
        303: Answer(
            "For browsers: to where they wanted to go.",
            headers={"Location": "Where to look, relative to this address."} | _COOKIE,
        ),
    },
    refuses=(ForeignOrigin, NotFound, Unavailable),
)
