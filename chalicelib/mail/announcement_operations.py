"""What the routes of announcements take and give, for `/openapi.json`. The words are the views' docstrings."""

from __future__ import annotations

from typing import Any, TypedDict

from chalicelib.announcements.announcement import REACHABLE, AnnouncementState, NotSendable
from chalicelib.calls.answers import AnswersInvalid
from chalicelib.calls.schema import call_name
from chalicelib.errors import ChangedMeanwhile, LoginNeeded, NotFound, Unavailable
from chalicelib.web.bodies import BodyTooLarge, BodyUnreadable, MediaTypeUnknown
from chalicelib.web.operation import FORM, JSON, PAGE, Answer, Operation, page, see


class AnnouncementDocument(TypedDict):
    """An announcement. `count` is how many get it as of `counted_at`, none until they are counted; `mails` counts them
    by their state.
    """

    announcement: str
    state: AnnouncementState
    origin: str
    edition: int
    texts: dict[str, dict[str, str]]
    audience: dict[str, Any]
    with_event: bool
    count: int | None
    counted_at: str
    mails: dict[str, int]
    created_by: str
    created_at: str
    sent_by: str
    started_at: str
    finished_at: str


class AnnouncementsDocument(TypedDict):
    """The announcements of a call."""

    announcements: list[AnnouncementDocument]


_CALL = {"call": call_name}
_ONE = _CALL | {"announcement": {"type": "string", "pattern": "^[0-9a-z-]+$"}}
_READ = (LoginNeeded, NotFound, Unavailable)
_BODY = (BodyTooLarge, MediaTypeUnknown, BodyUnreadable, AnswersInvalid)
_WRITTEN: dict[str, Any] = {
    "type": "object",
    "description": "`subject_<language>` and `body_<language>` for each language of the call; `answer_<field>` limits the recipients to reports with one of these answers.",  # noqa: E501
    "properties": {
        "invited": {"type": "boolean", "description": "Only who asked to be invited."},
        "states": {"type": "array", "items": {"enum": list(REACHABLE)}},
        "with_event": {"type": "boolean", "description": "With date and place of the event, and a calendar file."},
        "edition": {"type": "integer", "description": "The one that was looked at."},
    },
    "additionalProperties": {
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    },
}
_COUNT: dict[str, Any] = {
    "type": "object",
    "properties": {"count": {"type": "string", "description": "How many get it, as shown."}},
    "required": ["count"],
    "additionalProperties": False,
}
_TAKES = {JSON: _WRITTEN, FORM: _WRITTEN}
_ONE_BACK = {200: Answer("The announcement.", {JSON: AnnouncementDocument}), 303: see("It is done.")}

LIST = Operation(
    room="mails", names=_CALL, login=True, refuses=_READ,
    gives={200: Answer("Newest first.", {JSON: AnnouncementsDocument, PAGE: {"type": "string"}})},
)  # fmt: skip
NEW = Operation(room="mails", names=_CALL, login=True, refuses=_READ, gives={200: page("A form.")})
EDIT = Operation(
    room="mails", names=_ONE, login=True, refuses=(*_READ, NotSendable), gives={200: page("The form as it is.")}
)
WRITE = Operation(
    room="mails", names=_CALL, login=True, takes=_TAKES, refuses=(*_READ, *_BODY),
    gives={
        201: Answer("A draft.", {JSON: AnnouncementDocument}, {"Location": "Where it is, relative to this address."}),
        303: see("It is written."),
    },
)  # fmt: skip
SHOW = Operation(
    room="mails", names=_ONE, login=True, refuses=_READ,
    gives={200: Answer("The announcement.", {JSON: AnnouncementDocument, PAGE: {"type": "string"}})},
)  # fmt: skip
REWRITE = Operation(
    room="mails", names=_ONE, login=True, takes=_TAKES, gives=_ONE_BACK,
    refuses=(*_READ, *_BODY, NotSendable, ChangedMeanwhile),
)  # fmt: skip
SEND = Operation(
    room="mails", names=_ONE, login=True, gives=_ONE_BACK, refuses=(*_READ, *_BODY, NotSendable),
    takes={JSON: _COUNT, FORM: _COUNT},
)  # fmt: skip
COUNT = Operation(
    room="mails", names=_ONE, login=True, gives=_ONE_BACK, refuses=(*_READ, NotSendable),
)  # fmt: skip
CANCEL = Operation(
    room="mails", names=_ONE, login=True, gives=_ONE_BACK, refuses=(*_READ, NotSendable),
)  # fmt: skip

_TOKEN = _CALL | {"token": {"type": "string"}}
SHOW_UNSUBSCRIBE = Operation(
    room="calls", names=_TOKEN, refuses=(NotFound, Unavailable), gives={200: page("A button.")}
)
UNSUBSCRIBE = Operation(
    room="calls", names=_TOKEN, refuses=(NotFound, Unavailable), body_required=False,
    takes={FORM: {"type": "object", "properties": {"List-Unsubscribe": {"const": "One-Click"}}}},
    gives={200: Answer("No more announcements.", {JSON: {"type": "object"}, PAGE: {"type": "string"}})},
)  # fmt: skip
