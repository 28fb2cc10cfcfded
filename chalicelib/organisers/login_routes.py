"""The way in: ask for a link, open it, press the button."""

from __future__ import annotations

from secrets import token_hex
from urllib.parse import urlencode

from chalicelib.access import table
from chalicelib.access.check import check_own_page, organiser_of
from chalicelib.access.logins import find_link, use_link
from chalicelib.access.sessions import COOKIE, kept_cookie, read_session
from chalicelib.calls.answers import AnswersInvalid
from chalicelib.calls.table import remembered_calls
from chalicelib.errors import NotFound, Refusal
from chalicelib.organisers import login_operations as about
from chalicelib.organisers.browsers import browser_name
from chalicelib.organisers.login import ask_for_login, read_next
from chalicelib.runtime.clock import moment, now, stamp
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log
from chalicelib.web.bodies import read_members
from chalicelib.web.door import Door
from chalicelib.web.pages import render
from chalicelib.web.problems import field_messages, problem_document
from chalicelib.web.reply import FORM, PRIVATE, Reply, json_reply, page_reply, see_other
from chalicelib.web.request import Request

door = Door(__name__)


@door.serve("/organiser/login", "GET", about=about.SHOW_LOGIN)
def show_login(request: Request) -> Reply:
    """Where one asks for a link. Whoever is logged in already is shown the way on."""
    next_path = read_next(request.query.get("next"))
    if next_path and request.headers.get("sec-fetch-site") == "cross-site":
        # Browsers keep our cookie back when somebody follows a link from elsewhere, say from a mail read in the
        # browser. From a page of ours they send it.
        page = render("organisers/onward.html", request, onward=f"{request.root}{next_path}")
        return page_reply(page, headers=FORM)
    return page_reply(_login_page(request, next_path), headers=FORM)


@door.serve("/organiser/login", "POST", about=about.ASK_LOGIN)
def ask_login(request: Request) -> Reply:
    """Send a link to an address, if it is an organiser's: the answer is the same for every address."""
    check_own_page(request)
    given: dict[str, object] = {}
    next_path = ""
    try:
        given = read_members(request.headers.get("content-type", ""), request.body, "email", "next")
        next_path = read_next(given.get("next"))
        ask_for_login(
            given.get("email"),
            language=request.language,
            next_path=next_path,
            keys=keys(),
            nonce=token_hex(16),
            now=now(),
        )
    except AnswersInvalid as refusal:
        if not request.wants_html:
            raise
        page = _login_page(request, next_path, given=given.get("email"), refusal=refusal)
        return page_reply(page, status=refusal.status, headers=FORM)
    log("login-asked", request=request.id)
    if request.wants_html:
        return see_other(f"login/sent?lang={request.language}", headers=PRIVATE)
    return json_reply({"state": "asked"}, status=202, headers=PRIVATE)


@door.serve("/organiser/login/sent", "GET", about=about.LOGIN_SENT)
def login_sent(request: Request) -> Reply:
    """What follows: a mail, if the address is an organiser's."""
    return page_reply(render("organisers/login_sent.html", request), headers=PRIVATE)


@door.serve("/organiser/session/{token}", "GET", about=about.SHOW_SESSION)
def show_session(request: Request, token: str) -> Reply:
    """The page of a login link. Looking changes nothing: mail scanners follow links too."""
    try:
        login = find_link(token, now())
    except NotFound as refusal:
        return _link_over(request, refusal)
    if request.wants_html:
        return page_reply(render("organisers/session.html", request, over=False), headers=FORM)
    return json_reply({"state": "unused", "expires_at": _until(login.expires_at)}, headers=PRIVATE)


@door.serve("/organiser/session/{token}", "POST", about=about.START_SESSION)
def start_session(request: Request, token: str) -> Reply:
    """Log in: uses the link up, whatever browser it was asked for in."""
    check_own_page(request)
    try:
        login = find_link(token, now())
        who, calls = _organiser(login.owner)
        browser = browser_name(request.headers.get("user-agent", ""))
        secret, session = use_link(login, who=who, calls=calls, browser=browser, now=now())
    except NotFound as refusal:
        log("login-refused", request=request.id)
        return _link_over(request, refusal)
    before = read_session(request.cookies.get(COOKIE, ""), now())
    if before is not None:  # whoever logs in anew leaves nothing open in this browser
        table.drop_session(before.digest)
    log("logged-in", request=request.id)
    headers = PRIVATE | {"Set-Cookie": kept_cookie(secret)}
    if request.wants_html:
        return see_other(f"{request.root}{login.next or 'organiser'}", headers=headers)
    document = {"state": "logged-in", "name": who, "expires_at": _until(session.expires_at)}
    return json_reply(document, headers=headers)


def _organiser(owner: str) -> tuple[str, list[str]]:
    """The address of an organiser, and the calls that name it. Raises `NotFound` when none does any more."""
    calls = [one.call for one in remembered_calls()]
    listed = {call.call: organiser.email for call in calls if (organiser := organiser_of(call, owner))}
    if not listed:
        raise NotFound
    return next(iter(listed.values())), list(listed)


def _link_over(request: Request, refusal: NotFound) -> Reply:
    """A link that was used, is over, or never was one: a page with the way to a new one."""
    if not request.wants_html:
        raise refusal
    return page_reply(render("organisers/session.html", request, over=True), status=404, headers=FORM)


def _login_page(request: Request, next_path: str, *, given: object = None, refusal: Refusal | None = None) -> str:
    return render(
        "organisers/login.html",
        request,
        next=next_path,
        onward=f"{request.root}{next_path or 'organiser'}",
        logged_in=read_session(request.cookies.get(COOKIE, ""), now()) is not None,
        logged_out=request.query.get("done") == "logged-out",
        given=given if isinstance(given, str) else "",
        messages=field_messages(refusal.errors, request.language) if refusal else [],
        problem=problem_document(refusal, request) if refusal else None,
        switch={"next": next_path} if next_path else {},
        urlencode=urlencode,
    )


def _until(seconds: int) -> str:
    return stamp(moment("1970-01-01T00:00:00.000Z").fromtimestamp(seconds, now().tzinfo))
