"""What is posted to have mails sent: some, named one by one, or all of a kind. JSON or a form."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args

from msgspec import Struct

from chalicelib.calls.answers import AnswersInvalid
from chalicelib.errors import N_, FieldError
from chalicelib.ledger.entry import MailState
from chalicelib.ledger.kinds import FAMILIES
from chalicelib.mail.outbox import MOST_AT_ONCE
from chalicelib.submissions.reference import read
from chalicelib.web.bodies import read_members

All = Literal["prepared", "held", "failed", "bounced"]
ALL: tuple[All, ...] = get_args(All)
STATE_OF: dict[All, Literal["held", "failed", "bounced"]] = {
    "prepared": "held", "held": "held", "failed": "failed", "bounced": "bounced",
}  # fmt: skip
_KIND = re.compile(r"[a-z]+(-[0-9A-Za-z_-]{1,200})?")


class PostedSending(Struct, frozen=True):
    """Either `mails`, as (submission id, kind), or `all` that are so, of one family if there is a `kind`.

    `state` and `reference` are the list that it was asked from.
    """

    mails: tuple[tuple[str, str], ...] = ()
    all: All | None = None
    state: str = ""
    kind: str = ""
    reference: str = ""


def read_sending(content_type: str, body: bytes) -> PostedSending:
    """`{mails: ["REFERENCE:KIND", …]}` or `{all: …, kind?: …}`.

    Raises as `read_members` does, and `AnswersInvalid` for what names no mails.
    """
    members = read_members(content_type, body, "mails", "all", "state", "kind", "reference")
    every = members.get("all")
    state, kind, reference = (
        given if isinstance(given := members.get(name, ""), str) else "" for name in ("state", "kind", "reference")
    )
    if kind and kind not in FAMILIES:
        raise _wrong("kind", N_("There is no such kind of e-mail."))
    if every is not None:
        if every not in ALL:
            raise _wrong("all", N_("Choose prepared, held, failed or bounced."))
        return PostedSending(all=every, state=state, kind=kind)
    given = members.get("mails")
    listed: list[Any] = given if isinstance(given, list) else [] if given is None else [given]
    if not 1 <= len(listed) <= MOST_AT_ONCE:
        raise AnswersInvalid(
            errors=[FieldError("mails", "count", N_("Choose 1 to %(most)s e-mails."), {"most": MOST_AT_ONCE})]
        )
    mails = tuple(dict.fromkeys(map(_mail, listed)))
    return PostedSending(mails=mails, state=state, kind=kind, reference=reference)


def known_state(asked: str, states: tuple[MailState, ...]) -> MailState | None:
    """The state of that name, if there is one."""
    return next((state for state in states if state == asked), None)


def _mail(given: object) -> tuple[str, str]:
    reference, _, kind = str(given).partition(":")
    submission = read(reference)
    if submission is None or not _KIND.fullmatch(kind):
        raise _wrong("mails", N_("This names no e-mail."))
    return submission, kind


def _wrong(field: str, message: str) -> AnswersInvalid:
    return AnswersInvalid(errors=[FieldError(field, "invalid", message)])
