"""Somebody's own access: where they are logged in, and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.access import table
from chalicelib.access.check import authorise_any, check_own_page
from chalicelib.access.pages import in_words, organiser_page
from chalicelib.access.sessions import COOKIE, dropped_cookie, read_session
from chalicelib.calls.table import remembered_calls
from chalicelib.errors import NotFound
from chalicelib.organisers import session_operations as about
from chalicelib.organisers.labels import ROLE_WORDS
from chalicelib.runtime.clock import moment, now
from chalicelib.runtime.logs import log
from chalicelib.web.bodies import read_members
from chalicelib.web.door import Door
from chalicelib.web.languages import format_moment, translate
from chalicelib.web.reply import PRIVATE, Reply, json_reply, see_other
from chalicelib.web.request import Request

if TYPE_CHECKING:
    from chalicelib.access.roles import Person, Session
    from chalicelib.organisers.session_operations import SessionDocument

door = Door(__name__)
_OTHERS = "others"
_SHOWN = 16  # characters of a digest: enough to tell somebody's sessions apart
_ZONE = "Europe/Berlin"  # of what belongs to no call


@door.serve("/organiser/account", "GET", about=about.ACCOUNT)
def show_account(request: Request) -> Reply:
    """Who you are, what you may do in which call, and where you are logged in."""
    person = authorise_any(request, now())
    sessions = [_document(one, person) for one in _sessions(person)]
    if not request.wants_html:
        return json_reply({"name": person.name, "roles": person.roles, "sessions": sessions}, headers=PRIVATE)
    calls = [
        (one.call.call, in_words(one.call.title, request.language), translate(request.language, ROLE_WORDS[role]))
        for one in remembered_calls()
        if (role := person.role_in(one.call.call))
    ]
    shown = [one | _times(one, request) for one in sessions]
    return organiser_page(
        request,
        person,
        "organisers/account.html",
        section="account",
        calls=calls,
        sessions_open=shown,
        done=request.query.get("done") == "ended",
    )


@door.serve("/organiser/account", "POST", about=about.END_SESSIONS)
def end_sessions(request: Request) -> Reply:
    """End one of your sessions, or all `others`. Repeating is harmless."""
    person = authorise_any(request, now())
    if not person.session:
        raise NotFound
    named = read_members(request.headers.get("content-type", ""), request.body, "session").get("session")
    for one in _sessions(person):
        if one.digest[:_SHOWN] == named or (named == _OTHERS and one.digest != person.session):
            table.drop_session(one.digest)
            log("session-ended", request=request.id)
    if request.wants_html:
        return see_other("account?done=ended", headers=PRIVATE)
    left = [_document(one, person) for one in _sessions(person)]
    return json_reply({"name": person.name, "roles": person.roles, "sessions": left}, headers=PRIVATE)


@door.serve("/organiser/logout", "POST", about=about.LOGOUT)
def log_out(request: Request) -> Reply:
    """Log out: the session is over, wherever its cookie is. Repeating is harmless."""
    check_own_page(request)
    session = read_session(request.cookies.get(COOKIE, ""), now())
    if session is not None:
        table.drop_session(session.digest)
        log("logged-out", request=request.id)
    # What this browser still holds of our pages goes, too; a form that somebody fills in keeps cookie and storage.
    headers = PRIVATE | {"Set-Cookie": dropped_cookie(), "Clear-Site-Data": '"cache"'}
    if request.wants_html:
        return see_other("login?done=logged-out", headers=headers)
    return json_reply({"state": "logged-out"}, headers=headers)


def _sessions(person: Person) -> list[Session]:
    """Those that are open."""
    return [one for one in table.sessions_of(person.owner) if one.good(now())] if person.session else []


def _document(session: Session, person: Person) -> SessionDocument:
    return {
        "session": session.digest[:_SHOWN],
        "current": session.digest == person.session,
        "browser": session.browser,
        "created_at": session.created_at,
        "seen_at": session.seen_at,
    }


def _times(session: SessionDocument, request: Request) -> dict[str, Any]:
    return {
        "created": format_moment(moment(session["created_at"]), request.language, _ZONE),
        "seen": format_moment(moment(session["seen_at"]), request.language, _ZONE),
    }
