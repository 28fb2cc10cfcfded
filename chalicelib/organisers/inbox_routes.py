"""The inbox of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.access.check import authorise
from chalicelib.calls.answers import public_part
from chalicelib.calls.table import get_call
from chalicelib.organisers import inbox_operations as operations
from chalicelib.organisers.filters import ALL, Filters, fits, read_filters, since_stamp
from chalicelib.organisers.inbox import Page, read_page
from chalicelib.organisers.just_decided import read_just_decided
from chalicelib.organisers.mail_states import mail_states
from chalicelib.runtime.clock import now
from chalicelib.runtime.keys import keys
from chalicelib.submissions.reference import show
from chalicelib.web.door import Door
from chalicelib.web.reply import PRIVATE, Reply, json_reply
from chalicelib.web.request import Request

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.ledger.entry import MailState
    from chalicelib.submissions.submission import Submission

door = Door(__name__)


@door.serve("/organiser/calls/{call}/submissions", "GET", about=operations.INBOX)
def list_submissions(request: Request, call: str) -> Reply:
    """The submissions of a call, newest change first: by state, theme, district, relation, flag, words, day."""
    person = authorise(request, call, "viewer", now())
    asked = get_call(call).call
    filters = read_filters(asked, request.query, state="confirmed" if request.wants_html else ALL)
    page = find_submissions(asked, filters, request.query.get("cursor", ""))
    if request.wants_html:
        # Imported here: requests that answer JSON never need a page.
        from chalicelib.organisers.inbox_page import inbox_page

        decided = read_just_decided(asked, request.query)
        return inbox_page(request, person, asked, filters, page, decided)
    mails = mail_states(asked, page.submissions)
    return json_reply(
        {
            "call": call,
            "submissions": [row_document(asked, one, mails.get(one.id)) for one in page.submissions],
            "next": page.next,
            "searched_to": page.searched_to,
        },
        headers=PRIVATE,
    )


def find_submissions(call: Call, filters: Filters, cursor: str) -> Page:
    """A page of what is there. Raises `CursorInvalid`, `Unavailable`."""
    moment = now()
    return read_page(
        call,
        filters.states,
        keys=keys(),
        sort=filters.order,
        cursor=cursor,
        fits=(lambda one: one.exists(moment) and fits(call, filters, one)) if filters.narrow else None,
        since=since_stamp(call, filters) if filters.since else None,
        visible=lambda one: one.exists(moment),
    )


def row_document(call: Call, submission: Submission, mail: MailState | None) -> dict[str, Any]:
    """A submission in a list, as JSON."""
    answers = submission.read_answers()
    return {
        "reference": submission.reference,
        "state": submission.state,
        "version": submission.version,
        "title": str(answers.get(call.form.title_field, "")),
        "language": submission.language,
        "submitted_at": submission.submitted_at,
        "changed_at": submission.changed_at,
        "decided_at": submission.decided_at,
        "flags": submission.flags,
        "reports": submission.reports,
        "duplicate_of": show(submission.duplicate_of) if submission.duplicate_of else None,
        "source": submission.source,
        "mail": mail,
        "public": public_part(call, answers),
    }
