"""Asking for a login link: the same answer for every address, and nothing looked up before it.

The worker that knows the organisers runs later, so neither the answer nor its time tells who is one.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.calls.answers import AnswersInvalid, judge_field
from chalicelib.calls.fields import Field
from chalicelib.calls.judges import Wrong
from chalicelib.errors import N_, FieldError
from chalicelib.jobs.messages import LoginJob
from chalicelib.jobs.queues import send_login_job
from chalicelib.runtime.clock import stamp
from chalicelib.submissions.links import address_digest

if TYPE_CHECKING:
    from chalicelib.runtime.keys import Keys

_EMAIL = Field(id="email", type="email", label={}, required=True)
LONGEST_NEXT = 200  # characters
# A page of the organisers' area, from the app's root: no scheme, no host, no dots that lead elsewhere, no query.
_NEXT = re.compile(r"organiser(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
_NOT_BACK = ("organiser/login", "organiser/session", "organiser/logout")


def ask_for_login(given: object, *, language: str, next_path: str, keys: Keys, nonce: str, now: datetime) -> None:
    """Queue the job for an address. Raises `AnswersInvalid` where it is none, `Unavailable`."""
    job = LoginJob(
        login=address_digest(keys, _address(given)),
        nonce=nonce,
        asked_at=stamp(now),
        language=language,
        next=next_path,
    )
    send_login_job(job)


def read_next(given: object) -> str:
    """Where to go after logging in, or nothing for what is no page of ours: never an address elsewhere."""
    if not isinstance(given, str) or len(given) > LONGEST_NEXT or _NEXT.fullmatch(given) is None:
        return ""
    return "" if given.startswith(_NOT_BACK) else given


def _address(given: object) -> str:
    try:
        address = judge_field(_EMAIL, given)
    except Wrong as wrong:
        raise AnswersInvalid(errors=[FieldError("email", wrong.code, wrong.message, wrong.details)]) from None
    if address is None:
        raise AnswersInvalid(errors=[FieldError("email", "required", N_("Please fill in this field."))])
    return str(address)
