"""No more announcements: a page with a button for people, one POST for mail programs (RFC 8058). No cookie."""

from __future__ import annotations

from chalicelib.announcements import table
from chalicelib.calls.table import get_call
from chalicelib.mail import announcement_operations as about
from chalicelib.mail.unsubscribing import read_unsubscribe_token
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log
from chalicelib.web.door import Door
from chalicelib.web.pages import render
from chalicelib.web.reply import FORM, PRIVATE, Reply, json_reply, page_reply
from chalicelib.web.request import Request

door = Door(__name__)


@door.serve("/calls/{call}/unsubscribe/{token}", "GET", about=about.SHOW_UNSUBSCRIBE)
def show_unsubscribe(request: Request, call: str, token: str) -> Reply:
    """Where one says so. Looking changes nothing: mail scanners follow links."""
    read_unsubscribe_token(keys(), call, token)
    return _page(request, call, done=False)


@door.serve("/calls/{call}/unsubscribe/{token}", "POST", about=about.UNSUBSCRIBE)
def unsubscribe(request: Request, call: str, token: str) -> Reply:
    """Send this address no more announcements of the call. Repeating is harmless; mails about a report still come."""
    # The body is not looked at: what is asked for stands in the address, and one-click posts say nothing else.
    digest = read_unsubscribe_token(keys(), call, token)
    get_call(call)
    table.unsubscribe(call, digest, at=stamp(now()))
    log("unsubscribed", call=call, request=request.id)
    if request.wants_html:
        return _page(request, call, done=True)
    return json_reply({"call": call, "state": "unsubscribed"}, headers=PRIVATE)


def _page(request: Request, call: str, *, done: bool) -> Reply:
    asked = get_call(call).call
    request = request.in_language_of(asked.languages)
    return page_reply(render("mail/unsubscribe.html", request, call=asked, done=done), headers=FORM)
