"""The link to a receipt: a signed text that names one submission and can be made void.

It holds call, id, generation and expiry, nothing about the person. Whoever has it has the submitter's rights, so it
goes out by mail only, and its path never reaches a log.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from chalicelib.errors import NotFound
from chalicelib.runtime.keys import BadSignature, Keys
from chalicelib.submissions.submission import Submission

LIFETIME = timedelta(days=400)  # a call, its event and a year of publication; every mail carries a fresh one
_PURPOSE = "receipt"


class ReceiptLink(Struct, frozen=True):
    """What a good token says."""

    call: str
    id: str
    generation: int


def receipt_token(keys: Keys, submission: Submission, now: datetime) -> str:
    """The token for `…/receipts/{token}`."""
    expires = int((now + LIFETIME).timestamp())
    return keys.sign(_PURPOSE, [submission.call, submission.id, submission.generation, expires])


def address_digest(keys: Keys, address: str) -> str:
    """HMAC (hex) of a mail address: tells that two are the same, and nothing else. Upper and lower case are alike."""
    return keys.digest("address", address.strip().lower()).hex()


def read_receipt_token(keys: Keys, token: str, now: datetime) -> ReceiptLink:
    """What the token names. Raises `NotFound`, whatever is wrong with it."""
    try:
        call, submission_id, generation, expires = keys.verify(_PURPOSE, token)
    except (BadSignature, ValueError) as error:
        raise NotFound from error
    if int(expires) <= now.timestamp():
        raise NotFound
    return ReceiptLink(call=str(call), id=str(submission_id), generation=int(generation))
