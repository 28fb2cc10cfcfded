"""Deciding about submissions: one or many, and undoing it."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any, Literal, cast

from chalicelib.access.check import authorise
from chalicelib.calls.table import get_call
from chalicelib.errors import ChangedMeanwhile, NotFound
from chalicelib.organisers import decision_operations as operations
from chalicelib.organisers.deciding import Outcome, decide, merge, undo
from chalicelib.organisers.decision_bodies import PostedDecision, read_decision
from chalicelib.runtime.clock import moment, now, stamp
from chalicelib.submissions import table
from chalicelib.submissions.decisions import UNDO_FOR, Act, CopyOutdated, NotDecidable, UndoOver, leading
from chalicelib.submissions.reference import show
from chalicelib.web.door import Door
from chalicelib.web.reply import PRIVATE, Reply, json_reply
from chalicelib.web.request import Request

if TYPE_CHECKING:
    from chalicelib.access.roles import Person
    from chalicelib.calls.call import Call

door = Door(__name__)
_REFUSED = {"not-decidable": NotDecidable, "copy-outdated": CopyOutdated, "undo-over": UndoOver, "not-found": NotFound}


@door.serve("/organiser/calls/{call}/decisions", "POST", about=operations.DECIDE)
def decide_submissions(request: Request, call: str) -> Reply:
    """Accept, reject, merge, reopen, or undo one of these. Safe to repeat; what changed meanwhile is left alone."""
    person = authorise(request, call, "moderator", now())
    asked = get_call(call).call
    posted = read_decision(request.headers.get("content-type", ""), request.body)
    act = Act(batch=token_hex(8), at=stamp(now()))
    outcomes = _outcomes(asked, posted, person, act)
    return json_reply(decision_document(posted.decision, act, outcomes), headers=PRIVATE)


def _outcomes(call: Call, posted: PostedDecision, person: Person, act: Act) -> list[Outcome]:
    ids = [one.id for one in posted.asked]
    if posted.decision == "undo":
        outcomes = undo(call, ids, posted.batch, by=person, now=moment(act.at))
    elif posted.decision == "merge":
        primary = posted.primary or _leads(call, ids)
        outcomes = merge(call, posted.asked, primary, by=person, act=act)
    else:
        decision = cast("Literal['accept', 'reject', 'reopen']", posted.decision)
        outcomes = decide(call, posted.asked, decision, by=person, act=act)
    if len(outcomes) == 1:
        _tell(outcomes[0])
    return outcomes


def _leads(call: Call, ids: list[str]) -> str:
    found = table.find_many(call.call, ids, call.policy.shards)
    if not found:
        raise NotFound
    return leading(call, found).id


def _tell(outcome: Outcome) -> None:
    """Refuse what was asked about one submission alone and was not done."""
    facts: dict[str, object] = {"current": outcome_document(outcome)} if outcome.submission else {}
    if outcome.code == "changed-meanwhile":
        raise ChangedMeanwhile(facts=facts)
    if outcome.code in _REFUSED:
        raise _REFUSED[outcome.code](facts=facts)


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
