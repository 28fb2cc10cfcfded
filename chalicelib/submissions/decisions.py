"""What organisers may decide about a submission, and what becomes of it then. Values only; tables store the outcome.

`confirmed` → `accepted` | `rejected` | `duplicate`; each can be reopened, and what was accepted can be rejected and the
other way round. Several reports of the same make one entry: one of them leads, the others are its duplicates.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from chalicelib.calls.answers import public_part
from chalicelib.calls.call import holds
from chalicelib.errors import N_, Refusal
from chalicelib.submissions.changes import moved
from chalicelib.submissions.submission import Before, Submission, Undo, fingerprint

if TYPE_CHECKING:
    from chalicelib.calls.answers import Answers
    from chalicelib.calls.call import Call
    from chalicelib.submissions.submission import State

Decision = Literal["accept", "reject", "merge", "reopen"]
DECISIONS: tuple[Decision, ...] = ("accept", "reject", "merge", "reopen")
UNDO_FOR = timedelta(minutes=10)
MOST_REPORTS = 45  # one entry's submissions and their audit lines are one transaction, and that takes 100 writes

_FROM: dict[Decision, frozenset[State]] = {
    "accept": frozenset({"confirmed", "rejected"}),
    "reject": frozenset({"confirmed", "accepted"}),
    "merge": frozenset({"confirmed", "accepted", "rejected"}),
    "reopen": frozenset({"accepted", "rejected", "duplicate"}),
}
_TO: dict[Decision, State] = {"accept": "accepted", "reject": "rejected"}
_LEADS: frozenset[State] = frozenset({"confirmed", "accepted"})

Changes = list[tuple[Submission, Submission]]
"""Each submission that changes: as it was, as it becomes."""


class NotDecidable(Refusal):
    """The state of the submission does not let this be decided; the current document is in the facts."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "not-decidable"
    title: ClassVar[str] = N_("This cannot be decided now.")
    message: ClassVar[str] = N_("Only confirmed reports can be decided on. Withdrawn ones are left alone.")


class CopyOutdated(Refusal):
    """There is an edited copy, and its sender has changed the report since: which text is meant is to be said first."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "copy-outdated"
    title: ClassVar[str] = N_("This report was changed after its public text was edited.")
    message: ClassVar[str] = N_("Please look at both texts and save the public text once more, or discard it.")


class UndoOver(Refusal):
    """The decision is older than ten minutes, or something else has happened since."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "undo-over"
    title: ClassVar[str] = N_("This decision can no longer be undone in one step.")
    message: ClassVar[str] = N_("You can still reopen the report and decide again.")


class CannotMerge(Refusal):
    """These submissions do not make one entry."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "cannot-merge"
    title: ClassVar[str] = N_("These reports cannot be merged.")
    message: ClassVar[str] = N_("Choose at least two confirmed reports, and the one among them that leads.")


class Act(Struct, frozen=True):
    """One act of deciding: a fresh id that all its submissions share, and its UTC stamp."""

    batch: str
    at: str


def decidable(submission: Submission) -> tuple[Decision, ...]:
    """What may be decided about it now."""
    return tuple(one for one in DECISIONS if submission.state in _FROM[one])


def decided(submission: Submission, decision: Decision) -> bool:
    """Whether it is so already."""
    return _TO.get(decision) == submission.state or (decision == "reopen" and submission.state == "confirmed")


def copy_outdated(submission: Submission) -> bool:
    """Whether the answers are others than those that the edited copy was made from."""
    return submission.edited is not None and submission.edited_of != fingerprint(submission.read_answers())


def public_text(call: Call, submission: Submission) -> str:
    """What accepting publishes (JSON text): the edited copy, or else the public answers as they are."""
    if submission.edited is not None:
        return submission.edited
    return msgspec.json.encode(public_part(call, submission.read_answers())).decode()


def accepted(call: Call, submission: Submission, act: Act) -> Submission:
    """Accepted and public. Raises `NotDecidable`, `CopyOutdated`."""
    _require(submission, "accept")
    if copy_outdated(submission):
        raise CopyOutdated
    return _decided(submission, "accepted", act, published=public_text(call, submission))


def rejected(submission: Submission, act: Act) -> Submission:
    """Rejected and not public. Raises `NotDecidable`."""
    _require(submission, "reject")
    return _decided(submission, "rejected", act, published=None)


def reopened(call: Call, submission: Submission, primary: Submission | None, act: Act) -> Changes:
    """To be decided again, and not public meanwhile; a duplicate becomes what it was before it was merged.

    `primary` is the submission that a duplicate was merged into, if that is still there. Raises `NotDecidable`.
    """
    _require(submission, "reopen")
    if submission.state != "duplicate":
        return [(submission, _decided(submission, "confirmed", act, event="reopened", published=None, decided_at=None))]
    state = submission.before_merge or "confirmed"
    if state == "accepted" and copy_outdated(submission):
        state = "confirmed"
    alone = _decided(
        submission, state, act, event="reopened" if state == "confirmed" else state, duplicate_of=None,
        before_merge=None, published=public_text(call, submission) if state == "accepted" else None,
        decided_at=None if state == "confirmed" else act.at,
    )  # fmt: skip
    changes = [(submission, alone)]
    if primary is not None and submission.id in primary.merged:
        left = tuple(one for one in primary.merged if one != submission.id)
        changes.append((primary, replace(_next(primary, act), merged=left)))
    return _together(changes)


def merged(primary: Submission, others: Sequence[Submission], followers: Sequence[Submission], act: Act) -> Changes:
    """One entry of them all: `primary` leads, `others` and what had been merged into them follow.

    `followers` are the submissions named in `others`' own `merged`. Raises `CannotMerge`, `NotDecidable`.
    """
    if not others or primary.state not in _LEADS or any(one.id == primary.id for one in others):
        raise CannotMerge
    for one in others:
        _require(one, "merge")
    joining = [*others, *(one for one in followers if one.state == "duplicate")]
    if primary.reports + len(joining) > MOST_REPORTS:
        raise CannotMerge(N_("An entry has %(most)s reports at most."), most=MOST_REPORTS)
    leads = replace(
        _next(primary, act), merged=(*primary.merged, *(one.id for one in joining if one.id not in primary.merged))
    )
    changes = [(primary, leads)]
    for one in joining:
        before = one.before_merge if one.state == "duplicate" else one.state
        after = _decided(one, "duplicate", act, published=None, duplicate_of=primary.id, before_merge=before, merged=())
        changes.append((one, after))
    return _together(changes)


def undone(submissions: Sequence[Submission], batch: str, at: str, *, oldest: str) -> Changes:
    """Each as the decision `batch` found it; `oldest` is the stamp that decision must not be older than.

    `submissions` are all that must go back together. Raises `UndoOver`.
    """
    ids = {one.id for one in submissions}
    changes: Changes = []
    for one in submissions:
        undo = one.undo
        if undo is None or undo.batch != batch or undo.at < oldest or not set(undo.together) <= ids:
            raise UndoOver
        before = msgspec.structs.asdict(undo.before)
        # Not the name of the state: nobody has decided for it once more, so no second mail says so.
        event = "reopened" if undo.before.state == "confirmed" else "undone"
        state = one.state if undo.before.state == one.state else undo.before.state
        after = moved(one, state, event, at)
        if state == one.state:
            after = replace(after, history=one.history)
        changes.append((one, replace(after, **before)))
    return changes


def with_copy(call: Call, submission: Submission, copy: Answers | None, at: str) -> Submission:
    """With another edited copy, or (`None`) with none; where it is accepted, that is what is public from now on.

    Raises `NotDecidable`.
    """
    if submission.state not in {"confirmed", "accepted", "rejected"}:
        raise NotDecidable(N_("The public text of this report cannot be edited now."))
    after = replace(
        submission,
        edited=None if copy is None else msgspec.json.encode(copy).decode(),
        edited_of=None if copy is None else fingerprint(submission.read_answers()),
        changed_at=at,
        version=submission.version + 1,
        undo=None,
    )
    return replace(after, published=public_text(call, after)) if after.state == "accepted" else after


def consequences(before: Submission, after: Submission, relatives: Sequence[Submission], at: str) -> Changes:
    """What a submitter's step means for the other reports of the same entry.

    Who leaves is no longer counted; when the one that leads goes, the others are to be decided again.
    """
    changes: Changes = []
    for one in relatives:
        if one.id == before.duplicate_of and after.state != "duplicate" and before.id in one.merged:
            changes.append((one, _lost(one, before.id, at)))
        elif one.duplicate_of == before.id and after.state in {"withdrawn", "erased"}:
            changes.append((one, _released(one, at)))
    return changes


def relatives_of(submission: Submission) -> tuple[str, ...]:
    """The ids of the other submissions that a step of its submitter may concern."""
    return (*submission.merged, *([submission.duplicate_of] if submission.duplicate_of else []))


def leading(call: Call, submissions: Sequence[Submission]) -> Submission:
    """Which of them should lead an entry: one whose sender takes part, before what leads or is public already, before
    the oldest.
    """

    def rank(one: Submission) -> tuple[bool, bool, int, str]:
        return (not takes_part(call, one), one.state != "accepted", -one.reports, one.submitted_at)

    return min(submissions, key=rank)


def takes_part(call: Call, submission: Submission) -> bool:
    """Whether its sender is part of what is reported, as far as the call asks that."""
    return call.form.takes_part is not None and holds(call.form.takes_part, dict(submission.read_answers()))


def _require(submission: Submission, decision: Decision) -> None:
    if submission.state not in _FROM[decision]:
        raise NotDecidable


def _decided(submission: Submission, state: State, act: Act, *, event: str = "", **more: object) -> Submission:
    flags = tuple(one for one in submission.flags if one != "primary-gone")
    after = moved(submission, state, event or state, act.at)
    return replace(after, **({"decided_at": act.at, "flags": flags, "undo": _undo(submission, act)} | more))


def _next(submission: Submission, act: Act) -> Submission:
    """Nothing but a version later, and to be undone."""
    return replace(submission, changed_at=act.at, version=submission.version + 1, undo=_undo(submission, act))


def _lost(primary: Submission, gone: str, at: str) -> Submission:
    left = tuple(one for one in primary.merged if one != gone)
    return replace(primary, merged=left, changed_at=at, version=primary.version + 1, undo=None)


def _released(duplicate: Submission, at: str) -> Submission:
    return replace(
        moved(duplicate, "confirmed", "reopened", at),
        duplicate_of=None,
        before_merge=None,
        decided_at=None,
        flags=tuple(dict.fromkeys((*duplicate.flags, "primary-gone"))),
    )


def _undo(submission: Submission, act: Act) -> Undo:
    before = Before(**{name: getattr(submission, name) for name in Before.__struct_fields__})
    return Undo(batch=act.batch, at=act.at, before=before)


def _together(changes: Changes) -> Changes:
    """What one decision did to several submissions is undone for all of them or for none."""
    ids = tuple(before.id for before, _ in changes)
    return [
        (before, replace(after, undo=replace(after.undo, together=ids)) if after.undo else after)
        for before, after in changes
    ]
