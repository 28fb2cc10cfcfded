"""The log of a call: who did what, when. There is no route that changes it."""

from __future__ import annotations

from typing import NotRequired, TypedDict
from urllib.parse import urlencode

from chalicelib.access.check import authorise
from chalicelib.access.pages import organiser_page
from chalicelib.access.table import audit_page
from chalicelib.calls.schema import call_name
from chalicelib.calls.table import get_call
from chalicelib.organisers.audit_trail import LOOKED_AT, bounds, find_lines, read_filters
from chalicelib.organisers.labels import EVENT_WORDS
from chalicelib.runtime.clock import moment, now
from chalicelib.web.door import Door
from chalicelib.web.languages import format_moment, translate
from chalicelib.web.operation import JSON, PAGE, Answer, Operation
from chalicelib.web.reply import PRIVATE, Reply, json_reply
from chalicelib.web.request import Request

door = Door(__name__)


class LineDocument(TypedDict):
    """One line: when (UTC), who, what; `detail` has ids and file names, never what people wrote."""

    at: str
    who: str
    event: str
    detail: str | None


class AuditDocument(TypedDict):
    """Lines, newest first; `next` is the `before` of the next page."""

    lines: list[LineDocument]
    next: NotRequired[str]


_TEXT = {"type": "string"}
_SHOW = Operation(
    room="organisers",
    names={"call": call_name},
    query={
        "who": {"type": "string", "description": "Part of a name."},
        "event": {"type": "string", "description": "One kind of event."},
        "from": {"type": "string", "description": "A day, `2026-05-04`, in the call's time zone."},
        "until": {"type": "string", "description": "A day, included."},
        "before": {"type": "string", "description": "`next` of the page before."},
    },
    login=True,
    gives={200: Answer("As JSON or as a page.", {JSON: AuditDocument, PAGE: _TEXT})},
)


@door.serve("/organiser/calls/{call}/audit", "GET", about=_SHOW)
def show_audit(request: Request, call: str) -> Reply:
    """Who did what in this call, newest first. Nobody can change it."""
    person = authorise(request, call, "viewer", now())
    published = get_call(call).call
    filters = read_filters(request.query)
    after, until = bounds(filters, published)

    def read(before: str | None) -> list[tuple[str, str, str, str | None]]:
        return audit_page(f"call#{call}", after=after, before=before, most=LOOKED_AT)

    lines, following = find_lines(filters, read, min(filter(None, (filters.before, until)), default=None))
    if not request.wants_html:
        document: AuditDocument = {
            "lines": [
                {"at": at.partition("#")[0], "who": who, "event": event, "detail": detail}
                for at, who, event, detail in lines
            ]
        }
        return json_reply({**document, **({"next": following} if following else {})}, headers=PRIVATE)
    language = request.language
    kept = {name: value for name, value in request.query.items() if name in {"who", "event", "from", "until"} and value}
    return organiser_page(
        request,
        person,
        "organisers/audit.html",
        call=published,
        section="audit",
        filters=filters,
        paged=bool(filters.before),
        newest="?" + urlencode(kept),
        next="?" + urlencode(kept | {"before": following}) if following else "",
        events=[(name, translate(language, words)) for name, words in EVENT_WORDS.items()],
        lines=[
            {
                "when": format_moment(moment(at.partition("#")[0]), language, published.time_zone),
                "who": who,
                "words": translate(language, EVENT_WORDS.get(event, event)),
                "detail": detail,
            }
            for at, who, event, detail in lines
        ],
    )
