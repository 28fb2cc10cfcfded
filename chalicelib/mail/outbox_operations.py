"""What the routes of the outbox take and give, for `/openapi.json`. The words are the views' docstrings."""

from __future__ import annotations

from typing import Any, TypedDict

from chalicelib.calls.answers import AnswersInvalid
from chalicelib.calls.schema import call_name
from chalicelib.errors import ForeignOrigin, LoginNeeded, NotFound, Unavailable
from chalicelib.ledger.entry import MAIL_STATES, MailState
from chalicelib.ledger.kinds import FAMILIES
from chalicelib.mail.outbox import MOST_AT_ONCE
from chalicelib.mail.outbox_bodies import ALL
from chalicelib.web.bodies import BodyTooLarge, BodyUnreadable, MediaTypeUnknown
from chalicelib.web.operation import FORM, JSON, PAGE, Answer, Operation, see


class MailDocument(TypedDict):
    """A mail of the outbox. `mail` names it when it is to be sent; times are UTC; `cause` is a code of SES or ours.

    `not_before` is there for one that waits: when it is tried (again).
    """

    mail: str
    reference: str
    kind: str
    state: MailState
    cause: str
    attempts: int
    changed_at: str
    sent_at: str | None
    not_before: str | None
    may_be_sent: bool


class SendingDocument(TypedDict):
    """Whether mails go out, and the last 24 hours: those SES took, those that came back, and complaints.

    `overdue` mails of this call have been due for an hour, and nobody is at work on them.
    """

    stopped_at: str | None
    cause: str
    sent: int
    bounced: int
    complained: int
    overdue: int


class OutboxDocument(TypedDict):
    """Mails in one state (`null`: about one report, in any state), and how many there are in each state, counted up to
    `counted_up_to`.
    """

    call: str
    state: MailState | None
    kind: str
    reference: str
    counts: dict[MailState, int]
    counted_up_to: int
    sending: SendingDocument
    mails: list[MailDocument]
    cursor: str | None


class SentDocument(TypedDict):
    """What became of it: the mails that are owed now, or that a job does it for all."""

    mails: list[str]
    all: str | None


_SENDING: dict[str, Any] = {
    "type": "object",
    "properties": {
        "mails": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_AT_ONCE,
            "items": {"type": "string", "pattern": "^[0-9A-Z]{12}:[a-z]+(-[0-9A-Za-z_-]{1,200})?$"},
        },
        "all": {"enum": list(ALL)},
        "kind": {"enum": list(FAMILIES), "description": "With `all`: only mails of this kind."},
    },
    "oneOf": [{"required": ["mails"]}, {"required": ["all"]}],
    "additionalProperties": False,
}
_READS = (LoginNeeded, NotFound, ForeignOrigin, Unavailable)

OUTBOX = Operation(
    room="mail", names={"call": call_name}, login=True, refuses=_READS,
    query={
        "state": {"enum": list(MAIL_STATES)},
        "kind": {"enum": list(FAMILIES)},
        "reference": {"type": "string", "description": "All mails about this report, whatever their state and kind."},
        "cursor": {"type": "string"},
    },
    gives={200: Answer("The mails.", {JSON: OutboxDocument, PAGE: {"type": "string"}})},
)  # fmt: skip
SEND = Operation(
    room="mail", names={"call": call_name}, login=True, takes={JSON: _SENDING, FORM: {"type": "object"}},
    refuses=(*_READS, BodyTooLarge, MediaTypeUnknown, BodyUnreadable, AnswersInvalid),
    gives={200: Answer("They are owed, and go out soon.", {JSON: SentDocument}), 303: see("The outbox.")},
)  # fmt: skip
