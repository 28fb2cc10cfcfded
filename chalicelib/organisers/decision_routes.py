"""Deciding about submissions: one or many, and undoing it."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import parse_qsl

from chalicelib.access.check import authorise
from chalicelib.calls.table import get_call
from chalicelib.errors import ChangedMeanwhile, NotFound, Refusal
from chalicelib.organisers import decision_operations as operations
from chalicelib.organisers.deciding import Outcome, decide, merge, undo
from chalicelib.organisers.decision_bodies import PostedDecision, read_decision
from chalicelib.organisers.filters import read_filters
from chalicelib.organisers.just_decided import write_just_decided
from chalicelib.runtime.clock import moment, now, stamp
from chalicelib.submissions import table
from chalicelib.submissions.decisions import UNDO_FOR, Act, CopyOutdated, NotDecidable, UndoOver, leading
from chalicelib.submissions.reference import read, show
from chalicelib.web.door import Door
from chalicelib.web.reply import PRIVATE, Reply, json_reply, see_other
from chalicelib.web.request import Request

if TYPE_CHECKING:
    from chalicelib.access.roles import Person
    from chalicelib.calls.call import Call

door = Door(__name__)
_REFUSED: dict[str, type[Refusal]] = {
    "changed-meanwhile": ChangedMeanwhile,
    "not-decidable": NotDecidable,
    "copy-outdated": CopyOutdated,
    "undo-over": UndoOver,
    "not-found": NotFound,
}


@door.serve("/organiser/calls/{call}/decisions", "POST", about=operations.DECIDE)
def decide_submissions(request: Request, call: str) -> Reply:
    """Accept, reject, merge, reopen, or undo one of these. Safe to repeat; what changed meanwhile is left alone.

    Browsers are asked once more, with the count, before many are decided at once, and which report leads an entry.
    """
    return _decide(request, call)


@door.serve("/organiser/calls/{call}/submissions/{submission}/decisions", "POST", about=operations.DECIDE_ONE)
def decide_one(request: Request, call: str, submission: str) -> Reply:
    """Decide about this submission, or about those that the body names. Safe to repeat, as deciding about many is."""
    return _decide(request, call, submission)


def _decide(request: Request, call: str, submission: str | None = None) -> Reply:
    person = authorise(request, call, "moderator", now())
    asked = get_call(call).call
    if submission is not None and read(submission) is None:
        raise NotFound
    posted = read_decision(request.headers.get("content-type", ""), request.body, about=submission)
    if request.wants_html and _to_ask(posted):
        from chalicelib.organisers.decision_page import question_page

        return question_page(request, person, asked, posted)
    act = Act(batch=token_hex(8), at=stamp(now()))
    outcomes = _outcomes(asked, posted, person, act)
    if request.wants_html:
        to_call = "" if submission is None else "../../"
        return see_other(to_call + _back(asked, posted, act, outcomes), headers=PRIVATE)
    if len(outcomes) == 1:
        _tell(outcomes[0])
    return json_reply(decision_document(posted.decision, act, outcomes), headers=PRIVATE)


def _to_ask(posted: PostedDecision) -> bool:
    if posted.decision == "merge":
        return posted.primary is None
    return posted.decision != "undo" and len(posted.asked) > 1 and posted.count != len(posted.asked)


def _outcomes(call: Call, posted: PostedDecision, person: Person, act: Act) -> list[Outcome]:
    ids = [one.id for one in posted.asked]
    if posted.decision == "undo":
        return undo(call, ids, posted.batch, by=person, now=moment(act.at))
    if posted.decision == "merge":
        return merge(call, posted.asked, posted.primary or _leads(call, ids), by=person, act=act)
    decision = cast("Literal['accept', 'reject', 'reopen']", posted.decision)
    return decide(call, posted.asked, decision, by=person, act=act)


def _leads(call: Call, ids: list[str]) -> str:
    found = table.find_many(call.call, ids, call.policy.shards)
    if not found:
        raise NotFound
    return leading(call, found).id


def _tell(outcome: Outcome) -> None:
    """Refuse what was asked about one submission alone and was not done."""
    facts: dict[str, object] = {"current": outcome_document(outcome)} if outcome.submission else {}
    if outcome.code in _REFUSED:
        raise _REFUSED[outcome.code](facts=facts)


def _back(call: Call, posted: PostedDecision, act: Act, outcomes: list[Outcome]) -> str:
    """Where a browser goes on: the submission or the list it came from, with what was done."""
    batch = posted.batch if posted.decision == "undo" else act.batch
    told = write_just_decided(posted.decision, batch, outcomes)
    submission_id = read(posted.back)
    if submission_id is not None:
        return f"submissions/{show(submission_id)}?{told}"
    query = dict(parse_qsl(posted.back))
    filters = read_filters(call, query, state="confirmed").query(cursor=query.get("cursor", ""))
    return f"submissions?{filters}&{told}"


def decision_document(decision: str, act: Act, outcomes: list[Outcome]) -> dict[str, Any]:
    """The answer as JSON."""
    done = sum(one.code == "done" for one in outcomes)
    undoable = decision != "undo" and done
    return {
        "decision": decision,
        "batch": act.batch,
        "undo_until": stamp(moment(act.at) + UNDO_FOR) if undoable else None,
        "done": done,
        "outcomes": [outcome_document(one) for one in outcomes],
    }


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """What became of one submission, as JSON."""
    there = outcome.submission
    return {
        "reference": show(outcome.id),
        "outcome": outcome.code,
        "state": there.state if there else None,
        "version": there.version if there else None,
    }
