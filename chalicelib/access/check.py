"""The one access check of all organiser routes, and the audit trail.

People come with a session's cookie, programs with an API token. Whoever names a token is judged by it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from secrets import token_hex
from typing import TYPE_CHECKING

from chalicelib.access.roles import ALL_CALLS, ROLES, Person, Role, lowest
from chalicelib.access.sessions import COOKIE, read_session
from chalicelib.access.table import put_audit
from chalicelib.access.tokens import read_token
from chalicelib.calls.table import get_call, remembered_calls
from chalicelib.errors import ForeignOrigin, LoginNeeded, NotFound
from chalicelib.runtime.clock import stamp
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log
from chalicelib.runtime.settings import settings
from chalicelib.submissions.links import address_digest
from chalicelib.submissions.reference import show
from chalicelib.web.origins import sent_by

if TYPE_CHECKING:
    from chalicelib.access.roles import Session, Token
    from chalicelib.calls.call import Call, Organiser
    from chalicelib.web.request import Request

Calls = Callable[[], Iterable["Call"]]
_CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})


def authorise(request: Request, call: str, role: Role, now: datetime) -> Person:
    """Who asks, if they may do what needs `role` in `call`.

    Raises `LoginNeeded` without a good login, `NotFound` with one that is not for this (the answer must not tell which
    calls there are), `ForeignOrigin`, `Unavailable`.
    """
    person = _identify(request, now, lambda: [get_call(call).call])
    if not person.may(call, role):
        log("access-refused", call=call, kind=role, request=request.id)
        raise NotFound
    return person


def authorise_any(request: Request, now: datetime) -> Person:
    """Who asks, with all they may do, for what is about no single call. Raises as `authorise` does."""
    person = _identify(request, now, lambda: [one.call for one in remembered_calls()])
    if not person.roles and ALL_CALLS not in person.calls and not person.calls:
        raise LoginNeeded  # an organiser of no call any more
    return person


def check_own_page(request: Request) -> None:
    """Raises `ForeignOrigin` when a page of another site sent this. Programs say nothing, and pass."""
    if sent_by(request, settings().public_url) == "stranger":
        raise ForeignOrigin


def audit(
    person: Person, event: str, *, call: str, detail: str | None, now: datetime, submission: str | None = None
) -> None:
    """Write down who did what in a call, and to which submission (an id).

    Raises `Unavailable`: what cannot be written down must not happen.
    """
    at = f"{stamp(now)}#{token_hex(4)}"
    about = detail
    if submission is not None:
        put_audit(subject=f"submission#{submission}", at=at, who=person.name, event=event, detail=detail)
        about = f"{show(submission)} {detail}" if detail else show(submission)
    put_audit(subject=f"call#{call}", at=at, who=person.name, event=event, detail=about)


def _identify(request: Request, now: datetime, calls: Calls) -> Person:
    if "authorization" in request.headers:
        scheme, _, text = request.headers["authorization"].partition(" ")
        token = read_token(text.strip(), now) if scheme.lower() == "bearer" else None
        if token is None:
            raise LoginNeeded
        return _token_bearer(token, calls)
    session = read_session(request.cookies.get(COOKIE, ""), now)
    if session is None:
        raise LoginNeeded
    if request.method not in _CHANGES_NOTHING and sent_by(request, settings().public_url) != "own page":
        raise ForeignOrigin
    return _logged_in(session, calls)


def _token_bearer(token: Token, calls: Calls) -> Person:
    person = token.person
    if not token.maker:
        return person
    # What an organiser handed on reaches as far as they do themselves, today.
    theirs = _logged_in_as(token.maker, calls)
    roles = {name: lowest(role, has) for name, has in theirs.roles.items() if (role := person.role_in(name))}
    return Person(name=person.name, role="viewer", calls=(), roles=roles)


def _logged_in(session: Session, calls: Calls) -> Person:
    return _logged_in_as(session.owner, calls, session=session.digest)


def organiser_of(call: Call, owner: str) -> Organiser | None:
    """The organiser of a call with this address digest, with the highest role they are listed with."""
    listed = [one for one in call.organisers if address_digest(keys(), one.email) == owner]
    return max(listed, key=lambda one: ROLES.index(one.role), default=None)


def _logged_in_as(owner: str, calls: Calls, *, session: str = "") -> Person:
    """The organiser with this address digest, with their role in each of `calls`."""
    theirs = {call.call: organiser for call in calls() if (organiser := organiser_of(call, owner))}
    roles: dict[str, Role] = {call: organiser.role for call, organiser in theirs.items()}
    name = next((organiser.email for organiser in theirs.values()), "")
    return Person(name=name, role="viewer", calls=(), roles=roles, session=session, owner=owner if session else "")
