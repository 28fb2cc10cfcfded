"""The dashboard of all calls, the overview of one, its statistics: from figures that a worker counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.access.check import authorise, authorise_any
from chalicelib.access.pages import organiser_page
from chalicelib.calls.table import get_call, remembered_calls
from chalicelib.figures.looking import look_at
from chalicelib.organisers import dashboard_operations as about
from chalicelib.organisers.overview import overview_document
from chalicelib.organisers.overview_page import call_context, dashboard_card
from chalicelib.organisers.statistics_page import statistics_context
from chalicelib.runtime.clock import now
from chalicelib.web.door import Door
from chalicelib.web.reply import PRIVATE, Reply, json_reply
from chalicelib.web.request import Request

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.figures.figures import Figures

door = Door(__name__)


@door.serve("/organiser", "GET", about=about.DASHBOARD)
def show_dashboard(request: Request) -> Reply:
    """Your calls: what came in, what waits for you, the last export, mails in trouble.

    The figures are those of a moment, `as_of`; what is old is counted anew for the next look.
    """
    person = authorise_any(request, now())
    calls = [one.call for one in remembered_calls() if person.may(one.call.call, "viewer")]
    known = look_at([call.call for call in calls], now())
    documents = [overview_document(call, known.get(call.call), person.role_in(call.call), now()) for call in calls]
    if not request.wants_html:
        return json_reply({"calls": documents}, headers=PRIVATE)
    cards = [dashboard_card(call, one, request) for call, one in zip(calls, documents, strict=True)]
    return organiser_page(request, person, "organisers/dashboard.html", section="calls", cards=cards)


@door.serve("/organiser/calls/{call}", "GET", about=about.OVERVIEW)
def show_overview(request: Request, call: str) -> Reply:
    """A call in figures: reports by state and over time, what waits, the last export, the mails."""
    person = authorise(request, call, "viewer", now())
    published, figures = _look(call)
    document: dict[str, Any] = {**overview_document(published, figures, person.role_in(call), now())}
    if not request.wants_html:
        return json_reply(document | {"days": figures.days if figures else {}}, headers=PRIVATE)
    return organiser_page(
        request,
        person,
        "organisers/overview.html",
        call=published,
        section="overview",
        **call_context(published, document, figures, request, now()),
    )


@door.serve("/organiser/calls/{call}/statistics", "GET", about=about.STATISTICS)
def show_statistics(request: Request, call: str) -> Reply:
    """The reports by what was chosen in the form, by language, over time; the mails; the time to a decision."""
    person = authorise(request, call, "viewer", now())
    published, figures = _look(call)
    if not request.wants_html:
        counted = msgspec.to_builtins(figures, str_keys=True) if figures else {}
        return json_reply({"call": call, "as_of": figures.at if figures else None, **counted}, headers=PRIVATE)
    return organiser_page(
        request,
        person,
        "organisers/statistics.html",
        call=published,
        section="statistics",
        **statistics_context(published, figures, request, now()),
    )


def _look(name: str) -> tuple[Call, Figures | None]:
    call = get_call(name).call
    return call, look_at([name], now()).get(name)
