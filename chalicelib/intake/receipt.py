"""The receipt: what the submitter may do with a report, reached by the link in the mail, without an account."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.announcements import table as announcements
from chalicelib.calls.answers import Answers, AnswersInvalid, judge, judge_field
from chalicelib.calls.judges import Wrong
from chalicelib.calls.table import get_call
from chalicelib.errors import N_, ChangedMeanwhile, FieldError, NotFound, Unavailable
from chalicelib.ledger.table import entries_of
from chalicelib.revisions import table as revisions
from chalicelib.runtime.clock import stamp
from chalicelib.runtime.table import ConditionFailed
from chalicelib.submissions import table
from chalicelib.submissions.changes import NotPossible, changed, erased, possible, same_answers, withdrawn
from chalicelib.submissions.decisions import consequences, relatives_of
from chalicelib.submissions.links import address_digest, read_receipt_token
from chalicelib.submissions.submission import Erased

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.calls.call import Call, PublishedCall
    from chalicelib.ledger.entry import Entry
    from chalicelib.runtime.keys import Keys
    from chalicelib.submissions.decisions import Changes
    from chalicelib.submissions.submission import Submission

_TRIES = 5  # against somebody who changes the same report at the same moment


def open_receipt(keys: Keys, token: str, now: datetime) -> tuple[PublishedCall, Submission]:
    """The submission that a token gives rights to.

    Raises `Erased`, `NotFound` for every other cause, `Unavailable`.
    """
    published, submission = _open(keys, token, now)
    if submission.state == "erased":
        raise Erased(reference=submission.reference, facts=erased_facts(submission))
    return published, submission


def confirm(keys: Keys, token: str, now: datetime) -> tuple[PublishedCall, Submission]:
    """Confirm the address; harmless to repeat. Raises `NotFound`, `Erased`, `Unavailable`."""
    published, submission = open_receipt(keys, token, now)
    if submission.state == "received":
        submission = table.confirm(submission, at=stamp(now))
        if not submission.exists(now):
            raise NotFound
    return published, submission


def change(
    published: PublishedCall,
    submission: Submission,
    given: Mapping[str, object],
    *,
    version: int | None,
    language: str,
    now: datetime,
) -> Submission:
    """Replace the answers, and keep the older ones; the same answers once more are no change.

    `version` is the one that the submitter saw, if they say so. Raises `AnswersInvalid`, `NotPossible`,
    `ChangedMeanwhile` (with the current document), `Erased`, `Unavailable`.
    """
    if "change" not in possible(submission.state):
        raise NotPossible(facts=current_facts(submission))
    answers = _judged(published.call, submission, given)
    if same_answers(submission, answers):
        return submission
    if version is not None and version != submission.version:
        raise ChangedMeanwhile(facts=current_facts(submission))
    after = changed(submission, published, answers, language=language, at=stamp(now))
    try:
        revisions.put_change(submission, after, _consequences(published, submission, after))
    except ConditionFailed:
        current = _again(published, submission)
        if same_answers(current, answers):
            return current  # our own write, repeated by the SDK after a lost reply, or the same by somebody else
        raise ChangedMeanwhile(facts=current_facts(current)) from None
    return after


def withdraw(published: PublishedCall, submission: Submission, now: datetime) -> Submission:
    """Withdraw, from any state; harmless to repeat. Raises `Erased`, `NotFound`, `Unavailable`."""
    for _ in range(_TRIES):
        if submission.state == "withdrawn":
            return submission
        after = withdrawn(submission, stamp(now))
        try:
            table.put_changes([(submission, after), *_consequences(published, submission, after)])
        except ConditionFailed:
            submission = _again(published, submission)
        else:
            return after
    raise Unavailable


def erase(keys: Keys, token: str, now: datetime) -> tuple[PublishedCall, Submission]:
    """Erase the report and all that hangs on it, and give its tombstone; a repeat completes what was cut short.

    Raises `NotFound`, `Unavailable`.
    """
    published, submission = _open(keys, token, now)
    for _ in range(_TRIES):
        if submission.state == "erased":
            revisions.sweep(submission.id)
            return published, submission
        with suppress(ConditionFailed):  # changed meanwhile: what is stored now is what to erase
            tombstone = erased(submission, stamp(now))
            # First, so that nobody who dies in between leaves reports that count as one with what is gone.
            if others := _consequences(published, submission, tombstone):
                table.put_changes(others)
            digest = address_digest(keys, str(submission.read_answers()[published.call.form.submitter_email]))
            announcements.forget(submission.call, digest, submission.id)
            revisions.bury(submission, tombstone)
        submission = _found(published, submission.id)
    raise Unavailable


def receipt_document(submission: Submission, mails: list[Entry]) -> dict[str, Any]:
    """The receipt as JSON; `version` is for the next change."""
    return {
        "reference": submission.reference,
        "call": submission.call,
        "state": submission.state,
        "submitted_at": submission.submitted_at,
        "version": submission.version,
        "answers": submission.read_answers(),
        "history": [{"at": one.at, "event": one.event} for one in submission.history],
        "mails": [{"kind": one.kind, "state": one.state, "at": one.sent_at or one.changed_at} for one in mails],
        "actions": list(possible(submission.state)),
    }


def erased_facts(submission: Submission) -> dict[str, object]:
    """What is left to say of an erased report."""
    return {
        "reference": submission.reference,
        "call": submission.call,
        "state": submission.state,
        "submitted_at": submission.submitted_at,
        "erased_at": submission.changed_at,
    }


def current_facts(submission: Submission) -> dict[str, object]:
    """The document as it is now, as the fact of a refusal."""
    return {"current": receipt_document(submission, mails_of(submission))}


def mails_of(submission: Submission) -> list[Entry]:
    """What the ledger knows of this submission's mails."""
    return entries_of(submission.id)


def _open(keys: Keys, token: str, now: datetime) -> tuple[PublishedCall, Submission]:
    link = read_receipt_token(keys, token, now)
    published = get_call(link.call)
    submission = _found(published, link.id)
    if submission.generation != link.generation or submission.expired(now):
        raise NotFound
    return published, submission


def _found(published: PublishedCall, submission_id: str) -> Submission:
    submission = table.find(published.call.call, submission_id, published.call.policy.shards)
    if submission is None:
        raise NotFound
    return submission


def _again(published: PublishedCall, submission: Submission) -> Submission:
    """What is stored now that a write found something else than it had read."""
    current = _found(published, submission.id)
    if current.state == "erased":
        raise Erased(reference=current.reference, facts=erased_facts(current))
    return current


def _consequences(published: PublishedCall, before: Submission, after: Submission) -> Changes:
    """What this means for the other reports of the same entry."""
    related = relatives_of(before)
    relatives = table.find_many(before.call, related, published.call.policy.shards) if related else []
    return consequences(before, after, relatives, after.changed_at)


def _judged(call: Call, submission: Submission, given: Mapping[str, object]) -> Answers:
    """The normalised answers; the address, which the link proves, is the one there is. Raises `AnswersInvalid`."""
    name = call.form.submitter_email
    address = submission.read_answers()[name]
    errors: list[FieldError] = []
    answers: Answers = {}
    try:
        answers = judge(call, {**given, name: address})
    except AnswersInvalid as invalid:
        errors = list(invalid.errors)
    if name in given and not _same_address(call, name, given[name], address):
        words = N_("The e-mail address cannot be changed. To use another one, withdraw this report and send it again.")
        errors.append(FieldError(name, "address-fixed", words))
    if errors:
        raise AnswersInvalid(errors=errors)
    return answers


def _same_address(call: Call, name: str, given: object, address: str) -> bool:
    try:
        return judge_field(call.fields[name], given) == address
    except Wrong:
        return False
