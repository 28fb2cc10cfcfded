"""What is posted to decide: one decision about one or many submissions, as JSON or as a form."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from chalicelib.calls.answers import AnswersInvalid
from chalicelib.errors import N_, FieldError
from chalicelib.organisers.deciding import MOST_AT_ONCE, Asked
from chalicelib.submissions.decisions import DECISIONS
from chalicelib.submissions.reference import read
from chalicelib.web.bodies import read_members

_MEMBERS = ("decision", "submissions", "primary", "batch", "back", "one", "count")


class PostedDecision(Struct, frozen=True):
    """A decision as asked for. `back` (forms) says where to go then: a query of the inbox, or the reference of a
    submission; `count` how many somebody has said yes to.
    """

    decision: str
    asked: tuple[Asked, ...]
    primary: str | None = None
    batch: str = ""
    back: str = ""
    count: int | None = None


def read_decision(content_type: str, body: bytes, *, about: str | None = None) -> PostedDecision:
    """`{decision, submissions, primary?, batch?}`; in a form `submissions` are `REFERENCE` or `REFERENCE:VERSION`, and
    the button `one` of a single row is `DECISION REFERENCE:VERSION`. Where it names none, it is `about` that one.

    Raises as `read_members` does, and `AnswersInvalid` for what is no decision.
    """
    members = read_members(content_type, body, *_MEMBERS)
    one = members.get("one")
    if isinstance(one, str):
        members["decision"], _, members["submissions"] = one.partition(" ")
    decision = members.get("decision")
    if not isinstance(decision, str) or decision not in {*DECISIONS, "undo"}:
        raise _wrong("decision", N_("This is no decision: accept, reject, merge, reopen or undo."))
    given = members.get("submissions", about)
    listed = given if isinstance(given, list) else [] if given is None else [given]
    if not 1 <= len(listed) <= MOST_AT_ONCE:
        raise AnswersInvalid(
            errors=[FieldError("submissions", "count", N_("Choose 1 to %(most)s reports."), {"most": MOST_AT_ONCE})]
        )
    asked = tuple({one.id: one for one in map(_asked, listed)}.values())
    primary = members.get("primary")
    batch = members.get("batch", "")
    if not isinstance(batch, str) or (decision == "undo" and not batch):
        raise _wrong("batch", N_("Say which decision is to be undone."))
    back = members.get("back", "")
    return PostedDecision(
        decision=decision,
        asked=asked,
        primary=_reference(primary, "primary") if primary else None,
        batch=batch,
        back=back if isinstance(back, str) else "",
        count=len(asked) if isinstance(one, str) else _number(members.get("count")),
    )


def _asked(given: Any) -> Asked:
    if isinstance(given, dict):
        if given.keys() - {"reference", "version"}:
            raise _wrong("submissions", N_("There is no such field here."))
        version = given.get("version")
        if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
            raise _wrong("submissions", N_("The version must be a whole number."))
        return Asked(_reference(given.get("reference"), "submissions"), version)
    text, _, version_text = str(given).partition(":")
    if version_text and not (version_text.isascii() and version_text.isdigit() and len(version_text) < 10):  # noqa: PLR2004 - a sane number
        raise _wrong("submissions", N_("The version must be a whole number."))
    return Asked(_reference(text, "submissions"), int(version_text) if version_text else None)


def _number(given: object) -> int | None:
    text = str(given)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None  # noqa: PLR2004 - a sane number


def _reference(given: object, field: str) -> str:
    found = read(given) if isinstance(given, str) else None
    if found is None:
        raise _wrong(field, N_("This is no reference of a report."))
    return found


def _wrong(field: str, message: str) -> AnswersInvalid:
    return AnswersInvalid(errors=[FieldError(field, "invalid", message)])
