"""What the inbox takes and gives, for `/openapi.json`. The words are the views' docstrings."""

from __future__ import annotations

from typing import Any, TypedDict

from chalicelib.errors import NotFound
from chalicelib.ledger.entry import MailState
from chalicelib.organisers.decision_operations import CALL, READING
from chalicelib.organisers.inbox import CursorInvalid
from chalicelib.submissions.submission import State
from chalicelib.web.operation import JSON, PAGE, Answer, Operation


class RowDocument(TypedDict):
    """A submission in a list: nothing of its sender. `public` are the answers to public fields, `mail` is what became
    of the newest mail that is owed to its sender.
    """

    reference: str
    state: State
    version: int
    title: str
    language: str
    submitted_at: str
    changed_at: str
    decided_at: str | None
    flags: list[str]
    reports: int
    duplicate_of: str | None
    source: str
    mail: MailState | None
    public: dict[str, Any]


class InboxDocument(TypedDict):
    """A page of the list. `next` is the cursor of the next one; `searched_to` is set where a filter was given and
    reading ended before the page was full: until then nothing was overlooked, after it more may follow.
    """

    call: str
    submissions: list[RowDocument]
    next: str | None
    searched_to: str | None


_TEXT = {"type": "string"}
_QUERY: dict[str, Any] = {
    "state": _TEXT | {"description": "A state, or `all` (also where there is none)."},
    "theme": _TEXT | {"description": "A choice of the question on themes."},
    "district": _TEXT | {"description": "A choice of the question on districts."},
    "relation": _TEXT | {"description": "A choice of the question how the sender is connected."},
    "flag": _TEXT | {"description": "Something that struck us."},
    "q": _TEXT | {"description": "Words that all stand in the answers, or a reference."},
    "since": _TEXT | {"description": "Came in on this day or later (YYYY-MM-DD, in the call's time zone)."},
    "until": _TEXT | {"description": "Came in on this day or earlier."},
    "sort": {"enum": ["newest", "oldest", ""], "description": "By the last change."},
    "cursor": _TEXT | {"description": "`next` of the page before."},
}

INBOX = Operation(
    room="organisers",
    names=CALL,
    login=True,
    query=_QUERY,
    gives={200: Answer("As JSON or as a page.", {JSON: InboxDocument, PAGE: {"type": "string"}})},
    refuses=(*READING, NotFound, CursorInvalid),
)
