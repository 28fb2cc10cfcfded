"""What is asked before many reports are decided about at once, or merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from chalicelib.access.pages import organiser_page
from chalicelib.errors import NotFound
from chalicelib.organisers.filters import read_filters
from chalicelib.organisers.inbox_page import row
from chalicelib.organisers.words import title_of
from chalicelib.submissions import table
from chalicelib.submissions.decisions import CannotMerge, leading
from chalicelib.submissions.reference import show
from chalicelib.web.reply import SEASONED

if TYPE_CHECKING:
    from chalicelib.access.roles import Person
    from chalicelib.calls.call import Call
    from chalicelib.organisers.deciding import Asked
    from chalicelib.organisers.decision_bodies import PostedDecision
    from chalicelib.web.reply import Reply
    from chalicelib.web.request import Request

# Where it stands cannot be looked up again: the address stays that of the list.
_HEADERS = SEASONED | {"HX-Push-Url": "false"}


def question_page(request: Request, person: Person, call: Call, posted: PostedDecision) -> Reply:
    """The page; its form posts the same again, with the answer. Raises `NotFound`, `CannotMerge`, `Unavailable`."""
    found = table.find_many(call.call, [one.id for one in posted.asked], call.policy.shards)
    found = [one for one in found if one.state != "erased"]
    if not found:
        raise NotFound
    query = dict(parse_qsl(posted.back))
    shared: dict[str, Any] = {
        "asked": [_written(one) for one in posted.asked],
        "back": read_filters(call, query, state="confirmed").query(cursor=query.get("cursor", "")),
        "count": len(posted.asked),
    }
    if posted.decision != "merge":
        titles = [title_of(call, one) for one in found]
        return organiser_page(
            request, person, "organisers/confirm.html", call=call, section="submissions", headers=_HEADERS,
            decision=posted.decision, titles=titles, **shared,
        )  # fmt: skip
    may_lead = [one for one in found if one.state in {"confirmed", "accepted"}]
    if len(found) < 2 or not may_lead:  # noqa: PLR2004 - an entry of one report is no merging
        raise CannotMerge
    options = [
        {
            name: getattr(shown, name)
            for name in ("reference", "title", "excerpt", "state_words", "takes_part", "reports")
        }
        | {"may_lead": one in may_lead}
        for one in found
        for shown in [row(call, one, request.language)]
    ]
    return organiser_page(
        request, person, "organisers/merge.html", call=call, section="submissions", headers=_HEADERS,
        options=options, proposed=leading(call, may_lead).reference, **shared,
    )  # fmt: skip


def _written(asked: Asked) -> str:
    return show(asked.id) if asked.version is None else f"{show(asked.id)}:{asked.version}"
