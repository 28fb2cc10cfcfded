"""Announcements for organisers: write, preview, send, watch, cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.access.check import audit, authorise
from chalicelib.announcements import table
from chalicelib.announcements.announcement import NotSendable
from chalicelib.calls.answers import AnswersInvalid
from chalicelib.calls.table import get_call
from chalicelib.mail import announcement_operations as about
from chalicelib.mail import announcing
from chalicelib.mail.announcement_bodies import judge_announcement, read_raw
from chalicelib.mail.announcement_pages import announcement_page, announcements_page, form_page
from chalicelib.runtime.clock import now
from chalicelib.web.bodies import read_members
from chalicelib.web.door import Door
from chalicelib.web.reply import PRIVATE, Reply, json_reply, see_other
from chalicelib.web.request import Request

if TYPE_CHECKING:
    from chalicelib.announcements.announcement import Announcement
    from chalicelib.mail.announcement_operations import AnnouncementDocument

door = Door(__name__)
_ALL = "/organiser/calls/{call}/announcements"
_ONE = _ALL + "/{announcement}"


@door.serve(_ALL, "GET", about=about.LIST)
def list_announcements(request: Request, call: str) -> Reply:
    """All announcements of a call."""
    person = authorise(request, call, "viewer", now())
    asked, found = get_call(call).call, table.announcements_of(call)
    if request.wants_html:
        return announcements_page(request, person, asked, found)
    return json_reply({"announcements": [announcement_document(one) for one in found]}, headers=PRIVATE)


@door.serve(_ALL, "POST", about=about.WRITE)
def write_announcement(request: Request, call: str) -> Reply:
    """Write one. Nothing is sent by this: its recipients are counted."""
    person = authorise(request, call, "moderator", now())
    asked = get_call(call).call
    given: dict[str, Any] = {}
    try:
        given = read_raw(asked, request.headers.get("content-type", ""), request.body)
        posted = judge_announcement(asked, given)
    except AnswersInvalid as refusal:
        if not request.wants_html:
            raise
        return form_page(request, person, asked, given=given, refusal=refusal)
    audit(person, "announcement-written", call=call, detail=None, now=now())
    draft = announcing.write(
        asked, posted.texts, posted.audience, with_event=posted.with_event, by=person.name, now=now()
    )
    if request.wants_html:
        return see_other(f"announcements/{draft.id}")
    headers = PRIVATE | {"Location": f"announcements/{draft.id}"}
    return json_reply(announcement_document(draft), status=201, headers=headers)


@door.serve(_ALL + "/new", "GET", about=about.NEW)
def new_announcement(request: Request, call: str) -> Reply:
    """Where one is written."""
    person = authorise(request, call, "moderator", now())
    return form_page(request, person, get_call(call).call)


@door.serve(_ONE, "GET", about=about.SHOW)
def show_announcement(request: Request, call: str, announcement: str) -> Reply:
    """What it says, to whom it goes, and what became of it."""
    person = authorise(request, call, "viewer", now())
    published, found = get_call(call), announcing.find(call, announcement)
    if request.wants_html:
        return announcement_page(request, person, published, found)
    return json_reply(announcement_document(found), headers=PRIVATE)


@door.serve(_ONE, "POST", about=about.REWRITE)
def rewrite_announcement(request: Request, call: str, announcement: str) -> Reply:
    """Other words or recipients, as long as it was not sent."""
    person = authorise(request, call, "moderator", now())
    asked, known = get_call(call).call, announcing.find(call, announcement)
    given: dict[str, Any] = {}
    try:
        given = read_raw(asked, request.headers.get("content-type", ""), request.body)
        posted = judge_announcement(asked, given)
    except AnswersInvalid as refusal:
        if not request.wants_html:
            raise
        return form_page(request, person, asked, known=known, given=given, refusal=refusal)
    audit(person, "announcement-rewritten", call=call, detail=announcement, now=now())
    done = announcing.rewrite(
        call,
        announcement,
        posted.texts,
        posted.audience,
        with_event=posted.with_event,
        edition=posted.edition,
        now=now(),
    )
    return _done(request, done)


@door.serve(_ONE + "/edit", "GET", about=about.EDIT)
def edit_announcement(request: Request, call: str, announcement: str) -> Reply:
    """The form with what it says now."""
    person = authorise(request, call, "moderator", now())
    known = announcing.find(call, announcement)
    if known.state != "draft":
        raise NotSendable
    return form_page(request, person, get_call(call).call, known=known)


@door.serve(_ONE + "/count", "POST", about=about.COUNT)
def count_again(request: Request, call: str, announcement: str) -> Reply:
    """Count a draft's recipients again: who confirmed since does not get it else. Nothing is sent by this."""
    authorise(request, call, "moderator", now())
    return _done(request, announcing.count_again(call, announcement, now=now()), deeper=True)


@door.serve(_ONE + "/send", "POST", about=about.SEND)
def send_announcement(request: Request, call: str, announcement: str) -> Reply:
    """Send it to all whom it is for; their number is typed, so that nobody sends to a thousand by a slip."""
    person = authorise(request, call, "moderator", now())
    published = get_call(call)
    members = read_members(request.headers.get("content-type", ""), request.body, "count")
    audit(person, "announcement-sent", call=call, detail=announcement, now=now())
    try:
        done = announcing.send(call, announcement, str(members.get("count", "")), by=person.name, now=now())
    except NotSendable as refusal:
        if not request.wants_html:
            raise
        return announcement_page(request, person, published, announcing.find(call, announcement), refusal=refusal)
    return _done(request, done, deeper=True)


@door.serve(_ONE + "/cancel", "POST", about=about.CANCEL)
def cancel_announcement(request: Request, call: str, announcement: str) -> Reply:
    """Send it to nobody, or to nobody else."""
    person = authorise(request, call, "moderator", now())
    audit(person, "announcement-cancelled", call=call, detail=announcement, now=now())
    return _done(request, announcing.cancel(call, announcement, now=now()), deeper=True)


def announcement_document(announcement: Announcement) -> AnnouncementDocument:
    """The announcement as programs get it."""
    return {
        "announcement": announcement.id,
        "state": announcement.state,
        "origin": announcement.origin,
        "edition": announcement.edition,
        "texts": msgspec.to_builtins(announcement.texts),
        "audience": msgspec.to_builtins(announcement.audience),
        "with_event": announcement.with_event,
        "count": announcement.count,
        "counted_at": announcement.counted_at,
        "mails": announcement.told,
        "created_by": announcement.created_by,
        "created_at": announcement.created_at,
        "sent_by": announcement.sent_by,
        "started_at": announcement.started_at,
        "finished_at": announcement.finished_at,
    }


def _done(request: Request, announcement: Announcement, *, deeper: bool = False) -> Reply:
    if request.wants_html:
        return see_other(f"{'../' if deeper else ''}{announcement.id}")
    return json_reply(announcement_document(announcement), headers=PRIVATE)
