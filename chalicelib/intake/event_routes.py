"""The event of a call, for calendars."""

from __future__ import annotations

from chalicelib.calls.calendar import CONTENT_TYPE
from chalicelib.calls.event_file import event_file
from chalicelib.calls.schema import call_name
from chalicelib.calls.table import get_call
from chalicelib.errors import NotFound, Unavailable
from chalicelib.web.caching import tagged
from chalicelib.web.door import Door
from chalicelib.web.operation import Answer, Operation
from chalicelib.web.reply import Reply, text_reply
from chalicelib.web.request import Request

door = Door(__name__)

_EVENT = Operation(
    room="calls",
    names={"call": call_name},
    headers={"If-None-Match": {"type": "string"}},
    gives={
        200: Answer(
            "An iCalendar file (RFC 5545). Its UID never changes, its SEQUENCE grows when the event moves.",
            {"text/calendar": {"type": "string"}},
            {"ETag": "What `If-None-Match` names."},
        ),
        304: Answer("It is the same."),
    },
    refuses=(NotFound, Unavailable),
)


@door.serve("/calls/{call}/event.ics", "GET", about=_EVENT)
def show_event(request: Request, call: str) -> Reply:
    """When and where the event of a call takes place; calendars may subscribe to it."""
    published = get_call(call)
    event = published.call.event
    if event is None:
        raise NotFound
    content = event_file(published, event, request.in_language_of(published.call.languages).language)
    headers = {
        "Cache-Control": "public, max-age=300",
        "Content-Disposition": f'inline; filename="{call}.ics"',
        "Vary": "Accept-Language",
    }
    return tagged(text_reply(content.decode(), CONTENT_TYPE, headers=headers), request.headers)
