"""What the routes of the receipt take and give, for `/openapi.json`. The words are the views' docstrings."""

from __future__ import annotations

from chalicelib.calls.answers import AnswersInvalid
from chalicelib.errors import ChangedMeanwhile
from chalicelib.intake import request_schemas as posted
from chalicelib.intake.documents import AskedDocument, ErasedDocument, HeldDocument, ReceiptDocument
from chalicelib.intake.operations import BODY, CALL, READING, TEXT_PAGE
from chalicelib.intake.receipt_bodies import EraseUnconfirmed
from chalicelib.submissions.changes import NotPossible
from chalicelib.submissions.submission import Erased
from chalicelib.web.operation import FORM, JSON, MULTIPART, PAGE, Answer, Link, Operation, page, see

_TOKEN = {
    "token": {
        "type": "string",
        "pattern": "^[0-9A-Za-z_.-]+$",
        "description": "From the link in the mail; keep it secret.",
    }
}
_REFUSES = (*READING, Erased)
_SAME = {"token": "$request.path.token"}
_DONE = {
    200: Answer("The report as it is now.", {JSON: ReceiptDocument}),
    303: see("For browsers: back to the receipt."),
}

SHOW = Operation(
    room="receipts",
    names=_TOKEN,
    gives={
        200: Answer(
            "The report, as JSON or as a page.",
            {JSON: ReceiptDocument, PAGE: TEXT_PAGE},
            links=(
                Link("confirm_receipt", "Where `actions` has `confirm`.", _SAME),
                Link("withdraw_receipt", "Where `actions` has `withdraw`.", _SAME),
                Link("show_data", "Everything that is held.", _SAME),
            ),
        )
    },
    refuses=_REFUSES,
)
CONFIRM = Operation(room="receipts", names=_TOKEN, gives=_DONE, refuses=_REFUSES)
SHOW_CHANGE = Operation(
    room="receipts", names=_TOKEN, gives={200: page("The form.")}, refuses=(*_REFUSES, NotPossible)
)  # fmt: skip
CHANGE = Operation(
    room="receipts",
    names=_TOKEN,
    takes={JSON: posted.change, FORM: posted.change_form, MULTIPART: posted.change_form},
    gives=_DONE,
    refuses=(*_REFUSES, *BODY, AnswersInvalid, NotPossible, ChangedMeanwhile),
)
WITHDRAW = Operation(room="receipts", names=_TOKEN, gives=_DONE, refuses=_REFUSES)
SHOW_ERASE = Operation(room="receipts", names=_TOKEN, gives={200: page("The question.")}, refuses=_REFUSES)
ERASE = Operation(
    room="receipts",
    names=_TOKEN,
    takes={JSON: posted.ERASURE, FORM: posted.ERASURE_FORM, MULTIPART: posted.ERASURE_FORM},
    gives={200: Answer("It is erased.", {JSON: ErasedDocument}), 303: see("For browsers: to what is left.")},
    refuses=(*_REFUSES, *BODY, AnswersInvalid, EraseUnconfirmed),
)
DATA = Operation(
    room="receipts",
    names=_TOKEN,
    gives={
        200: Answer(
            "A file to keep.", {JSON: HeldDocument}, {"Content-Disposition": "`attachment`, with a name for the file."}
        )
    },
    refuses=_REFUSES,
)
SHOW_LINKS = Operation(room="receipts", names=CALL, gives={200: page("The form.")}, refuses=READING)
SEND_LINKS = Operation(
    room="receipts",
    names=CALL,
    takes={JSON: posted.LINKS, FORM: posted.LINKS, MULTIPART: posted.LINKS},
    gives={202: Answer("Asked for.", {JSON: AskedDocument}), 303: see("For browsers: what follows.")},
    refuses=(*READING, *BODY, AnswersInvalid),
)
LINKS_SENT = Operation(room="receipts", names=CALL, gives={200: page("What follows.")}, refuses=READING)
