"""The shell of every organiser page: who is logged in, the call's sections, the language, the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from msgspec import Struct

from chalicelib.errors import N_
from chalicelib.web.door import everything_served
from chalicelib.web.languages import languages, translate
from chalicelib.web.pages import render
from chalicelib.web.reply import FORM, Reply, page_reply
from chalicelib.web.request import LANGUAGE_COOKIE

if TYPE_CHECKING:
    from chalicelib.access.roles import Person
    from chalicelib.calls.call import Call
    from chalicelib.calls.fields import Texts
    from chalicelib.web.request import Request

# The sections of a call: a name for templates, words, and the route.
SECTIONS = (
    ("overview", N_("Overview"), "/organiser/calls/{call}"),
    ("submissions", N_("Reports"), "/organiser/calls/{call}/submissions"),
    ("mails", N_("E-mails"), "/organiser/calls/{call}/mails"),
    ("announcements", N_("Announcements"), "/organiser/calls/{call}/announcements"),
    ("exports", N_("Exports"), "/organiser/calls/{call}/exports"),
    ("landscape", N_("Landscape"), "/calls/{call}/landscape"),
    ("statistics", N_("Statistics"), "/organiser/calls/{call}/statistics"),
    ("audit", N_("Log"), "/organiser/calls/{call}/audit"),
)
_YEAR = 31_536_000  # seconds


class Section(Struct, frozen=True):
    """One entry of the navigation: `href` is relative to the page."""

    name: str
    words: str
    href: str
    current: bool


def organiser_page(
    request: Request,
    person: Person,
    template: str,
    *,
    call: Call | None = None,
    section: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
    **context: object,
) -> Reply:
    """A page of the organisers' area. `template` extends `organiser.html` and fills its blocks `title` and `main`.

    With `call` the page shows that call's sections, `section` (see `SECTIONS`) as the current one. Templates find
    `call`, `call_title`, `person` and `role` (in the call, or `None`) beside `context`.
    """
    page = render(
        template,
        request,
        call=call,
        call_title=in_words(call.title, request.language) if call else "",
        person=person,
        role=person.role_in(call.call) if call else None,
        sections=_sections(call, section, request) if call else (),
        section=section,
        switch=_language_switch(request),
        home=f"{request.root}organiser",
        **context,
    )
    # With the cookie of the language that was asked for last, links need not carry it.
    return page_reply(page, status=status, headers=FORM | _remembered(request) | (headers or {}))


def in_words(texts: Texts, language: str) -> str:
    """A text of a call in `language`, or in the first language that it has."""
    return texts.get(language) or next(iter(texts.values()), "")


def _sections(call: Call, current: str, request: Request) -> tuple[Section, ...]:
    """The sections that are served."""
    served = {one.path for one in everything_served() if "GET" in one.methods}
    return tuple(
        Section(
            name=name,
            words=translate(request.language, words),
            href=request.root + path.removeprefix("/").replace("{call}", call.call),
            current=name == current,
        )
        for name, words, path in SECTIONS
        if path in served
    )


def _language_switch(request: Request) -> dict[str, str]:
    """The address of this page in each language; what it is filtered by stays."""
    return {one: "?" + urlencode(request.query | {"lang": one}) for one in languages()}


def _remembered(request: Request) -> dict[str, str]:
    asked = request.query.get("lang")
    if asked != request.language or request.cookies.get(LANGUAGE_COOKIE) == asked:
        return {}
    return {"Set-Cookie": f"{LANGUAGE_COOKIE}={asked}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={_YEAR}"}
