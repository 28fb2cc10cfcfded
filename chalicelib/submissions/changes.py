"""What a submitter may do with a submission, and what becomes of it then. Values only; tables store the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec
from msgspec.structs import replace

from chalicelib.errors import N_, Refusal
from chalicelib.submissions.submission import ConsentRecord, Happening, State, Submission, consents_in, fingerprint

if TYPE_CHECKING:
    from chalicelib.calls.answers import Answers
    from chalicelib.calls.call import PublishedCall

Action = Literal["confirm", "change", "withdraw", "erase"]
_POSSIBLE: dict[State, tuple[Action, ...]] = {
    "received": ("confirm", "change", "withdraw", "erase"),
    "confirmed": ("change", "withdraw", "erase"),
    "accepted": ("change", "withdraw", "erase"),
    "rejected": ("change", "withdraw", "erase"),
    "duplicate": ("change", "withdraw", "erase"),
    "withdrawn": ("erase",),
    "erased": (),
}
_DECIDED: frozenset[State] = frozenset({"accepted", "rejected", "duplicate"})
_NOTHING = ConsentRecord(given=(), privacy_version="", language="", at="")


class NotPossible(Refusal):
    """The state of the submission does not let this be done; the current document is in the facts."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "not-possible"
    title: ClassVar[str] = N_("This cannot be done any more.")
    message: ClassVar[str] = N_("Please look at the page of your report: it shows what can be done now.")


def possible(state: State) -> tuple[Action, ...]:
    """What the submitter may do in `state`."""
    return _POSSIBLE[state]


def same_answers(submission: Submission, answers: Answers) -> bool:
    """Whether `answers` (normalised) are what the submission holds now."""
    return fingerprint(submission.read_answers()) == fingerprint(answers)


def changed(
    submission: Submission, published: PublishedCall, answers: Answers, *, language: str, at: str
) -> Submission:
    """With other answers. What was decided is to be decided again; what was published stays until then."""
    decided = submission.state in _DECIDED
    return replace(
        moved(submission, "confirmed" if decided else submission.state, "changed", at),
        answers=msgspec.json.encode(answers).decode(),
        form_version=published.version,
        consents=consents_in(published.call, answers, language=language, at=at),
        decided_at=None if decided else submission.decided_at,
        duplicate_of=None,
        before_merge=None,
    )


def withdrawn(submission: Submission, at: str) -> Submission:
    """Withdrawn, and no longer published. One that was never confirmed still expires, as its mail says."""
    return replace(
        moved(submission, "withdrawn", "withdrawn", at),
        published=None,
        edited=None,
        edited_of=None,
        duplicate_of=None,
        before_merge=None,
        merged=(),
    )


def erased(submission: Submission, at: str) -> Submission:
    """The tombstone: nothing of the person, only what a repeated post or link must meet."""
    return tombstone(
        call=submission.call,
        submission_id=submission.id,
        shard=submission.shard,
        submitted_at=submission.submitted_at,
        changed_at=at,
        version=submission.version + 1,
        generation=submission.generation,
    )


def tombstone(
    *, call: str, submission_id: str, shard: int, submitted_at: str, changed_at: str, version: int, generation: int
) -> Submission:
    """An erased submission; `changed_at` is when it was erased."""
    return Submission(
        call=call,
        id=submission_id,
        state="erased",
        shard=shard,
        answers="{}",
        fingerprint="",
        language="",
        form_version=0,
        submitted_at=submitted_at,
        changed_at=changed_at,
        consents=_NOTHING,
        history=(),
        version=version,
        generation=generation,
    )


def moved(submission: Submission, state: State, event: str, at: str) -> Submission:
    """In `state`, a version later, with a line of history; what was decided before can no longer be undone."""
    return replace(
        submission,
        state=state,
        changed_at=at,
        version=submission.version + 1,
        history=(*submission.history, Happening(at=at, event=event)),
        undo=None,
    )
