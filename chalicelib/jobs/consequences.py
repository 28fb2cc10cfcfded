"""What follows from what became of a submission: which mails its sender is owed. The rule that relay, worker, reconcile
and balance share.

Mails that organisers ask for (announcements) or somebody asks for themselves (links) follow from no state; they are not
here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from chalicelib.jobs.messages import MailJob
from chalicelib.ledger.kinds import family_of, nth

if TYPE_CHECKING:
    from chalicelib.calls.call import DecisionMails, When
    from chalicelib.submissions.submission import Submission

Decision = Literal["published", "declined", "merged"]
_DECIDED: dict[str, Decision] = {"accepted": "published", "rejected": "declined", "duplicate": "merged"}
_CONFIRMED = {"confirmed", *_DECIDED}


class Shown(Struct, frozen=True):
    """What of a stored submission decides how the public sees it: its state, and texts as they are stored."""

    state: str
    answers: str | None = None
    published: str | None = None
    merged: str | None = None
    consents: str | None = None


def kinds_after(state: str, events: Sequence[str]) -> tuple[str, ...]:
    """The mails that a submission in `state` with this history may be owed; the call's policy says which decisions.

    `events` are the names in its history, oldest first. What repeats is counted: a second acceptance, after a
    reopening, is another mail, and of several changes only the last is told.
    """
    if state == "received":
        return ("confirm",)
    if state not in _CONFIRMED or "imported" in events:  # nobody sent what was taken over from a list
        return ()
    kinds = ["receipt"]
    changes = events[events.index("confirmed") :].count("changed") if "confirmed" in events else 0
    if changes:
        kinds.append(nth("changed", changes))
    if state in _DECIDED:
        kinds.append(nth(_DECIDED[state], events.count(state)))
    return tuple(kinds)


def mails_owed(submission: Submission, policy: DecisionMails) -> tuple[str, ...]:
    """The mails that the sender of a submission is owed now, sent or not."""
    kinds = kinds_after(submission.state, [one.event for one in submission.history])
    return tuple(kind for kind in kinds if when_to_send(kind, policy) != "off")


def is_decision(kind: str) -> bool:
    """Whether a mail is about a decision of the organisers."""
    return family_of(kind) in _DECIDED.values()


def when_to_send(kind: str, policy: DecisionMails) -> When:
    """Whether a mail goes out at once, waits for an organiser, or is not sent at all."""
    return getattr(policy, family_of(kind)) if is_decision(kind) else "at-once"


def jobs_after(
    call: str, submission_id: str, new: tuple[str, Sequence[str]], old: tuple[str, Sequence[str]] | None
) -> list[MailJob]:
    """The jobs that a change causes; `new` and `old` are state and events, `old` is `None` for a new submission.

    A mail about a decision that does not stand any more is a job, too: the worker takes it off the ledger if it still
    waits there.
    """
    before, after = kinds_after(*old) if old else (), kinds_after(*new)
    kinds = [kind for kind in after if kind not in before]
    if new[0] != "erased":  # whose mails all go
        kinds += [kind for kind in before if kind not in after and is_decision(kind)]
    return [MailJob(call, submission_id, kind) for kind in kinds]


def leaves_exports(state: str, previous_state: str | None) -> bool:
    """Whether a submission has just been erased or withdrawn, so that older exports must not stay."""
    return state in {"erased", "withdrawn"} and state != previous_state


def landscape_changed(new: Shown | None, old: Shown | None) -> bool:
    """Whether the public sees something else than before, so that the landscape is to be refreshed."""
    return _seen(new) != _seen(old)


def _seen(shown: Shown | None) -> tuple[str | None, ...] | None:
    if shown is None:
        return None
    if shown.state == "accepted":
        return (shown.published or shown.answers, shown.merged, shown.consents)
    if shown.state == "confirmed" and shown.published:
        return (shown.published, shown.merged, shown.consents)
    return None
