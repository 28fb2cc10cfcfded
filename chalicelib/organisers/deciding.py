"""Deciding: what an organiser asks for meets what is stored, and the outcome is told for each submission.

Every decision is one transaction of the submission and its lines in the audit trail, on the condition that the
submission is still what was decided about. Who comes second is told, and nothing is overwritten.
"""

from __future__ import annotations

from datetime import datetime
from secrets import token_hex
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from chalicelib.access.table import audit_record
from chalicelib.errors import ChangedMeanwhile, NotFound
from chalicelib.organisers.table import put_decision
from chalicelib.runtime.clock import stamp
from chalicelib.runtime.table import ConditionFailed
from chalicelib.submissions import table
from chalicelib.submissions.decisions import (
    UNDO_FOR,
    Act,
    CannotMerge,
    CopyOutdated,
    Decision,
    NotDecidable,
    UndoOver,
    accepted,
    decided,
    merged,
    rejected,
    reopened,
    undone,
    with_copy,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.access.roles import Person
    from chalicelib.access.table import AuditRecord
    from chalicelib.calls.answers import Answers
    from chalicelib.calls.call import Call
    from chalicelib.submissions.decisions import Changes
    from chalicelib.submissions.submission import Submission

MOST_AT_ONCE = 100  # BatchGetItem takes no more keys
OutcomeCode = Literal[
    "done", "unchanged", "changed-meanwhile", "not-decidable", "copy-outdated", "undo-over", "not-found"
]


class Asked(Struct, frozen=True):
    """A submission that is decided about; `version` is what the organiser saw, `None` means: whatever is there."""

    id: str
    version: int | None = None


class Outcome(Struct, frozen=True):
    """What became of it; `submission` is how it is now, `None` where there is none."""

    id: str
    code: OutcomeCode
    submission: Submission | None = None


def decide(
    call: Call, asked: Sequence[Asked], decision: Literal["accept", "reject", "reopen"], *, by: Person, act: Act
) -> list[Outcome]:
    """Decide about each of up to `MOST_AT_ONCE` submissions, in that order; one that fails stops no other.

    Safe to repeat: what is so already is `unchanged`. Raises `Unavailable`.
    """
    found = {one.id: one for one in table.find_many(call.call, [one.id for one in asked], call.policy.shards)}
    outcomes = []
    for one in asked:
        submission = found.get(one.id)
        if submission is None or submission.state == "erased":
            outcomes.append(Outcome(one.id, "not-found"))
        else:
            outcomes.append(_decide_one(call, submission, one.version, decision, by=by, act=act))
    return outcomes


def merge(call: Call, asked: Sequence[Asked], primary: str, *, by: Person, act: Act) -> list[Outcome]:
    """Make one entry of them all, led by `primary`: all of them or none.

    Raises `NotFound`, `CannotMerge`, `NotDecidable`, `ChangedMeanwhile` (with who it is about), `Unavailable`.
    """
    found = _all(call, [one.id for one in asked])
    leads = found.get(primary)
    if leads is None:
        raise CannotMerge
    others = [one for one in found.values() if one.id != primary]
    if all(one.duplicate_of == primary for one in others) and others:
        return [Outcome(one.id, "unchanged", one) for one in found.values()]
    _unchanged(found, asked)
    others = [one for one in others if one.duplicate_of != primary]
    followers = table.find_many(call.call, [name for one in others for name in one.merged], call.policy.shards)
    followers = [one for one in followers if one.id not in found]
    return _store(call, merged(leads, others, followers, act), "merged", by=by, act=act)


def undo(call: Call, ids: Sequence[str], batch: str, *, by: Person, now: datetime) -> list[Outcome]:
    """Put back what the decision `batch` found, where nothing else has happened since. Raises `Unavailable`."""
    at, oldest = stamp(now), stamp(now - UNDO_FOR)
    found = {one.id: one for one in table.find_many(call.call, ids, call.policy.shards)}
    outcomes: dict[str, Outcome] = {}
    for name in ids:
        if name in outcomes:
            continue
        submission = found.get(name)
        if submission is None or submission.state == "erased":
            outcomes[name] = Outcome(name, "not-found")
            continue
        group = _group(call, submission)
        try:
            changes = undone(group, batch, at, oldest=oldest)
        except UndoOver:
            outcomes[name] = Outcome(name, "undo-over", submission)
            continue
        for outcome in _store_each_or_tell(call, changes, "undone", by=by, act=Act(f"undo-{batch}", at)):
            outcomes[outcome.id] = outcome
    return list(outcomes.values())


def edit(call: Call, asked: Asked, copy: Answers | None, *, by: Person, now: datetime) -> Submission:
    """Store another edited copy (`None`: discard it); the same once more changes nothing.

    Raises `NotFound`, `NotDecidable`, `ChangedMeanwhile` (with the current submission in `current`), `Unavailable`.
    """
    submission = _all(call, [asked.id])[asked.id]
    after = with_copy(call, submission, copy, stamp(now))
    if (after.edited, after.edited_of) == (submission.edited, submission.edited_of):
        return submission
    _unchanged({submission.id: submission}, [asked])
    [outcome] = _store(call, [(submission, after)], "copy-edited", by=by, act=Act("", stamp(now)))
    assert outcome.submission is not None
    return outcome.submission


def _decide_one(
    call: Call, submission: Submission, version: int | None, decision: Decision, *, by: Person, act: Act
) -> Outcome:
    if decided(submission, decision):
        return Outcome(submission.id, "unchanged", submission)
    if version is not None and version != submission.version:
        return Outcome(submission.id, "changed-meanwhile", submission)
    try:
        changes = _changes(call, submission, decision, act)
    except NotDecidable:
        return Outcome(submission.id, "not-decidable", submission)
    except CopyOutdated:
        return Outcome(submission.id, "copy-outdated", submission)
    event = "reopened" if decision == "reopen" else f"{decision}ed"
    return _store_each_or_tell(call, changes, event, by=by, act=act)[0]


def _changes(call: Call, submission: Submission, decision: Decision, act: Act) -> Changes:
    if decision == "accept":
        return [(submission, accepted(call, submission, act))]
    if decision == "reject":
        return [(submission, rejected(submission, act))]
    primaries = (
        table.find_many(call.call, [submission.duplicate_of], call.policy.shards) if submission.duplicate_of else []
    )
    return reopened(call, submission, primaries[0] if primaries else None, act)


def _store_each_or_tell(call: Call, changes: Changes, event: str, *, by: Person, act: Act) -> list[Outcome]:
    try:
        return _store(call, changes, event, by=by, act=act)
    except ChangedMeanwhile:
        now = table.find_many(call.call, [before.id for before, _ in changes], call.policy.shards)
        there = {one.id: one for one in now}
        return [
            Outcome(before.id, "changed-meanwhile" if before.id in there else "not-found", there.get(before.id))
            for before, _ in changes
        ]


def _store(call: Call, changes: Changes, event: str, *, by: Person, act: Act) -> list[Outcome]:
    lines = audit_lines(changes, event, who=by.name, at=act.at)
    try:
        put_decision(changes, lines)
    except ConditionFailed:
        now = table.find_many(call.call, [before.id for before, _ in changes], call.policy.shards)
        # Our own write, repeated by the SDK after a lost reply?
        if now != [after for _, after in changes]:
            raise ChangedMeanwhile from None
    return [Outcome(after.id, "done", after) for _, after in changes]


def audit_lines(changes: Changes, event: str, *, who: str, at: str) -> list[AuditRecord]:
    """A line for each submission, in the order of its versions, and one for the call."""
    [call] = {after.call for _, after in changes}
    lines = [
        audit_record(
            subject=f"submission#{after.id}",
            at=f"{at}#{after.version:06d}{token_hex(2)}",
            who=who,
            event=event,
            detail=f"{before.state} → {after.state}",
        )
        for before, after in changes
    ]
    detail = ", ".join(after.reference for _, after in changes)
    lines.append(audit_record(subject=f"call#{call}", at=f"{at}#{token_hex(4)}", who=who, event=event, detail=detail))
    return lines


def _all(call: Call, ids: Sequence[str]) -> dict[str, Submission]:
    found = {one.id: one for one in table.find_many(call.call, ids, call.policy.shards) if one.state != "erased"}
    if len(found) < len(set(ids)):
        raise NotFound
    return found


def _unchanged(found: dict[str, Submission], asked: Sequence[Asked]) -> None:
    if any(one.version is not None and one.version != found[one.id].version for one in asked):
        raise ChangedMeanwhile


def _group(call: Call, submission: Submission) -> list[Submission]:
    together = submission.undo.together if submission.undo is not None else ()
    return table.find_many(call.call, together, call.policy.shards) if together else [submission]
