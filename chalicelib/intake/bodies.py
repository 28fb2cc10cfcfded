"""What is posted to a call: the answers, and beside them what is ours."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from chalicelib.errors import N_
from chalicelib.web.bodies import BodyUnreadable, gathered, media_type, parse_json, read_pairs

_OURS = {"_ticket": "ticket", "_altcha": "altcha", "_website": "honeypot", "_next": "next"}


class Posted(Struct, frozen=True):
    """What was posted: answers as they came, and what is ours beside them."""

    answers: dict[str, Any]
    ticket: str | None = None
    altcha: str | None = None
    honeypot: str = ""
    next: str = ""
    unknown: tuple[str, ...] = ()


def read_body(content_type: str, body: bytes) -> Posted:
    """The posted values. Raises `BodyTooLarge`, `MediaTypeUnknown`, `BodyUnreadable`."""
    if media_type(content_type, body)[0] == "application/json":
        return _from_json(body)
    return _from_pairs(read_pairs(content_type, body))


def _from_json(body: bytes) -> Posted:
    document = parse_json(body)
    if not isinstance(document, dict):
        raise BodyUnreadable(N_("A JSON object with the member “answers” was expected."))
    answers = document.get("answers")
    if not isinstance(answers, dict):
        raise BodyUnreadable(N_("The member “answers” must be an object."))
    ticket, altcha = document.get("ticket"), document.get("altcha")
    for name, value in (("ticket", ticket), ("altcha", altcha)):
        if value is not None and not isinstance(value, str):
            raise BodyUnreadable(N_("The member “%(name)s” must be a text."), name=name)
    unknown = tuple(sorted(document.keys() - {"answers", "ticket", "altcha"}))
    return Posted(answers=answers, ticket=ticket, altcha=altcha, unknown=unknown)


def _from_pairs(pairs: list[tuple[str, str]]) -> Posted:
    ours: dict[str, str] = {}
    for name, value in pairs:
        if name in _OURS:
            if name in ours:
                raise BodyUnreadable(N_("The field “%(name)s” is there twice."), name=name)
            ours[name] = value
    return Posted(
        answers=gathered([(name, value) for name, value in pairs if name not in _OURS]),
        ticket=ours.get("_ticket") or None,
        altcha=ours.get("_altcha") or None,
        honeypot=ours.get("_website", ""),
        next=ours.get("_next", ""),
    )
