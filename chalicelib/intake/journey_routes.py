"""The routes of the form step by step: steps, check your answers, discard."""

from __future__ import annotations

from urllib.parse import quote

from chalicelib.calls.answers import AnswersInvalid
from chalicelib.calls.call import Call
from chalicelib.calls.table import get_call
from chalicelib.errors import Refusal
from chalicelib.intake import operations
from chalicelib.intake.accept import check_open
from chalicelib.intake.bodies import Posted, read_body
from chalicelib.intake.draft import clear_cookie, digest_of, read_cookie, write_cookie
from chalicelib.intake.journey import CHECK, keep_step, open_draft, place_of
from chalicelib.intake.journey_page import check_page, step_page
from chalicelib.intake.table import delete_draft
from chalicelib.runtime.clock import now
from chalicelib.runtime.keys import keys
from chalicelib.web.door import Door
from chalicelib.web.reply import FORM, PRIVATE, Reply, page_reply, see_other
from chalicelib.web.request import Request

door = Door(__name__)


@door.serve("/calls/{call}/form/check", "GET", about=operations.CHECK)
def check_answers(request: Request, call: str) -> Reply:
    """All answers on one page, to be looked at and sent."""
    asked, request = _asked(request, call)
    draft = open_draft(asked, _name(request, call), now())
    if draft is None:
        return _to(asked.form.steps[0].id, request)
    return page_reply(check_page(asked, draft, request, keys=keys(), now=now()), headers=FORM)


@door.serve("/calls/{call}/form/discard", "POST", about=operations.DISCARD)
def discard(request: Request, call: str) -> Reply:
    """Delete what was kept. Harmless to repeat."""
    asked, request = _asked(request, call)
    name = _name(request, call)
    if name:
        delete_draft(digest_of(name))
    location = f"../../{quote(asked.call)}?lang={quote(request.language)}&discarded=1"
    return see_other(location, headers={"Set-Cookie": clear_cookie(call)})


@door.serve("/calls/{call}/form/{step}", "GET", about=operations.STEP)
def show_step(request: Request, call: str, step: str) -> Reply:
    """One step, with what was kept of it. A later step without a draft leads to the first one."""
    asked, request = _asked(request, call)
    place = place_of(asked, step)
    draft = open_draft(asked, _name(request, call), now())
    if draft is None and place.before is not None:
        return _to(asked.form.steps[0].id, request)
    check_open(asked, now())
    return page_reply(step_page(asked, place, draft, request), headers=PRIVATE)


@door.serve("/calls/{call}/form/{step}", "POST", about=operations.KEEP)
def keep(request: Request, call: str, step: str) -> Reply:
    """Keep one step's answers and go on; a refusal shows the step again, with everything typed."""
    asked, request = _asked(request, call)
    place = place_of(asked, step)
    posted = read_body(request.headers.get("content-type", ""), request.body)
    name = _name(request, call)
    try:
        check_open(asked, now())
        kept, _draft = keep_step(asked, place.step, posted.answers, name=name, keys=keys(), now=now())
    except AnswersInvalid as refusal:
        return _step_again(asked, step, request, posted, refusal)
    # Somebody who came back to change one answer goes straight on to the check page.
    after = CHECK if request.query.get("back") == CHECK else place.after
    return _to(after, request, headers={"Set-Cookie": write_cookie(call, kept)})


def _step_again(call: Call, step: str, request: Request, posted: Posted, refusal: Refusal) -> Reply:
    draft = open_draft(call, _name(request, call.call), now())
    page = step_page(call, place_of(call, step), draft, request, posted=posted, refusal=refusal)
    return page_reply(page, status=refusal.status, headers=PRIVATE | refusal.headers)


def _asked(request: Request, call: str) -> tuple[Call, Request]:
    asked = get_call(call).call
    return asked, request.in_language_of(asked.languages)


def _name(request: Request, call: str) -> str | None:
    return read_cookie(request.headers.get("cookie", ""), call)


def _to(step: str, request: Request, *, headers: dict[str, str] | None = None) -> Reply:
    return see_other(f"{quote(step)}?lang={quote(request.language)}", headers=PRIVATE | (headers or {}))
