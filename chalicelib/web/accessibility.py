"""The accessibility statement of a call: how accessible its pages are, how that was found out, and whom to tell.

What it says of the pages is the developers' own assessment; the organiser of a call confirms it (docs/calls.md).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from chalicelib.errors import N_
from chalicelib.web.languages import translate
from chalicelib.web.pages import render

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.web.request import Request

ASSESSED_ON = datetime(2026, 11, 23, 12, tzinfo=UTC)
"""When the pages were last assessed: set this when the list of tests in the template, or what they find, changes."""


def accessibility_page(call: Call, request: Request) -> str:
    """The statement, with the way to tell the organiser about a barrier."""
    title = call.title[request.language]
    subject = translate(request.language, N_("Barrier on the pages of “%(title)s”"), {"title": title})
    mail = f"mailto:{call.contact.email}?subject={quote(subject)}"
    return render("accessibility.html", request, call=call, assessed_on=ASSESSED_ON, mail=mail)
