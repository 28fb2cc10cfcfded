"""The one access check of all organiser routes, and the audit trail."""

from __future__ import annotations

from datetime import datetime
from secrets import token_hex
from typing import TYPE_CHECKING

from chalicelib.access.table import put_audit
from chalicelib.access.tokens import read_token
from chalicelib.errors import LoginNeeded, NotFound
from chalicelib.runtime.clock import stamp

if TYPE_CHECKING:
    from chalicelib.access.roles import Person, Role
    from chalicelib.web.request import Request


def authorise(request: Request, call: str, role: Role, now: datetime) -> Person:
    """Who asks, if they may do what needs `role` in `call`.

    Raises `LoginNeeded` without a good login, and `NotFound` with one that is not for this: the answer must not tell
    which calls there are.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    person = read_token(token.strip(), now) if scheme.lower() == "bearer" else None
    if person is None:
        raise LoginNeeded
    if not person.may(call, role):
        raise NotFound
    return person


def audit(person: Person, event: str, *, call: str, detail: str | None, now: datetime) -> None:
    """Write down who did what in a call. Raises `Unavailable`: what cannot be written down must not happen."""
    put_audit(subject=f"call#{call}", at=f"{stamp(now)}#{token_hex(4)}", who=person.name, event=event, detail=detail)
