"""Somebody's own access: where they are logged in, and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.access import table
from chalicelib.access.check import authorise_any, check_own_page
from chalicelib.access.pages import organiser_page
from chalicelib.access.sessions import COOKIE, dropped_cookie, read_session
from chalicelib.organisers import session_operations as about
from chalicelib.runtime.clock import now
from chalicelib.runtime.logs import log
from chalicelib.web.door import Door
from chalicelib.web.reply import PRIVATE, Reply, json_reply, see_other
from chalicelib.web.request import Request

if TYPE_CHECKING:
    from chalicelib.access.roles import Person, Session
    from chalicelib.organisers.session_operations import SessionDocument

door = Door(__name__)


@door.serve("/organiser/account", "GET", about=about.ACCOUNT)
def show_account(request: Request) -> Reply:
    """Where you are logged in, and in which calls you may do what."""
    person = authorise_any(request, now())
    sessions = [one for one in _sessions(person) if one.good(now())]
    if request.wants_html:
        return organiser_page(request, person, "organisers/account.html", section="account", sessions_open=sessions)
    return json_reply(
        {"name": person.name, "roles": person.roles, "sessions": [_document(one, person) for one in sessions]},
        headers=PRIVATE,
    )


@door.serve("/organiser/logout", "POST", about=about.LOGOUT)
def log_out(request: Request) -> Reply:
    """Log out: the session is over, wherever its cookie is. Repeating is harmless."""
    check_own_page(request)
    session = read_session(request.cookies.get(COOKIE, ""), now())
    if session is not None:
        table.drop_session(session.digest)
        log("logged-out", request=request.id)
    headers = PRIVATE | {"Set-Cookie": dropped_cookie()}
    if request.wants_html:
        return see_other("login?done=logged-out", headers=headers)
    return json_reply({"state": "logged-out"}, headers=headers)


def _sessions(person: Person) -> list[Session]:
    here = table.find_session(person.session) if person.session else None
    return table.sessions_of(here.owner) if here else []


def _document(session: Session, person: Person) -> SessionDocument:
    return {
        "session": session.digest[:16],
        "current": session.digest == person.session,
        "browser": session.browser,
        "created_at": session.created_at,
        "seen_at": session.seen_at,
    }
