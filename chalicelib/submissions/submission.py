"""A submission: one report sent to a call; its states and how it moves between them. Values only."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from zlib import crc32

import msgspec
from msgspec import Struct

from chalicelib.errors import N_, Refusal
from chalicelib.submissions.flags import Flag
from chalicelib.submissions.reference import show

if TYPE_CHECKING:
    from chalicelib.calls.answers import Answers
    from chalicelib.calls.call import Call, PublishedCall

State = Literal["received", "confirmed", "accepted", "rejected", "duplicate", "withdrawn", "erased"]
# Of submissions that exist. An erased one is a tombstone: it keeps the place of its id, and is counted nowhere.
STATES: tuple[State, ...] = ("received", "confirmed", "accepted", "rejected", "duplicate", "withdrawn")


class Happening(Struct, frozen=True):
    """One line of a submission's history: when (UTC stamp), and what."""

    at: str
    event: str


class ConsentRecord(Struct, frozen=True):
    """What was agreed to: the consent fields that were ticked, the text's version and language, and when."""

    given: tuple[str, ...]
    privacy_version: str
    language: str
    at: str


class Before(Struct, frozen=True):
    """What a decision found, as far as undoing it puts that back."""

    state: State
    published: str | None = None
    edited: str | None = None
    edited_of: str | None = None
    duplicate_of: str | None = None
    before_merge: State | None = None
    merged: tuple[str, ...] = ()
    decided_at: str | None = None
    flags: tuple[Flag, ...] = ()


class Undo(Struct, frozen=True):
    """How the last decision can be undone while nothing else has happened: which one it was, when (UTC stamp), what it
    found, and the ids of the submissions that it concerned as well and that must go back together with this one.
    """

    batch: str
    at: str
    before: Before
    together: tuple[str, ...] = ()


class Submission(Struct, frozen=True):
    """One submission as stored. `answers` is the JSON text of the normalised answers; times are UTC stamps;
    `expires_at` is epoch seconds and set only while unconfirmed; `generation` counts the links given out.

    `published` (JSON text, public fields only) is what the landscape shows; `edited` is the organisers' own copy of it,
    made from the answers whose fingerprint is `edited_of`, and shown once it is accepted. Reports of the same thing
    are one entry: its ids stand in `merged` of the one that leads, `duplicate_of` of the others names that one.
    `source` names the import that brought it; empty: its sender.

    `fingerprint` stays that of the first post, whatever was changed since: a repeat of that post is still a repeat.
    """

    call: str
    id: str
    state: State
    shard: int
    answers: str
    fingerprint: str
    language: str
    form_version: int
    submitted_at: str
    changed_at: str
    consents: ConsentRecord
    history: tuple[Happening, ...]
    version: int = 1
    generation: int = 1
    expires_at: int | None = None
    confirmed_at: str | None = None
    decided_at: str | None = None
    published: str | None = None
    duplicate_of: str | None = None
    flags: tuple[Flag, ...] = ()
    edited: str | None = None
    edited_of: str | None = None
    merged: tuple[str, ...] = ()
    before_merge: State | None = None
    source: str = ""
    undo: Undo | None = None

    @property
    def reports(self) -> int:
        """How many reports make this entry."""
        return 1 + len(self.merged)

    @property
    def reference(self) -> str:
        """The id as people read it."""
        return show(self.id)

    def read_answers(self) -> dict[str, Any]:
        """The answers by field id."""
        answers: dict[str, Any] = msgspec.json.decode(self.answers)
        return answers

    def expired(self, now: datetime) -> bool:
        """Whether it was never confirmed and its time is over; DynamoDB deletes such items up to days late."""
        return self.expires_at is not None and self.expires_at <= now.timestamp()

    def exists(self, now: datetime) -> bool:
        """Whether there is still a report: neither expired nor erased."""
        return self.state != "erased" and not self.expired(now)


class NotConfirmedInTime(Refusal):
    """The submission was never confirmed and is gone."""

    status: ClassVar[int] = 410
    code: ClassVar[str] = "expired"
    title: ClassVar[str] = N_("This report was not confirmed in time and has been deleted.")
    message: ClassVar[str] = N_("Please open the form again and send your report once more.")


class Erased(Refusal):
    """The submitter had it erased; the tombstone keeps its place."""

    status: ClassVar[int] = 410
    code: ClassVar[str] = "erased"
    title: ClassVar[str] = N_("This report has been erased.")
    message: ClassVar[str] = N_(
        "All that is left is its reference %(reference)s, the times when it was received and erased, and its call."
    )


def fingerprint(answers: Answers) -> str:
    """SHA-256 (hex) of the normalised answers, keys sorted: the same answers, the same fingerprint."""
    return sha256(msgspec.json.encode(answers, order="sorted")).hexdigest()


def shard_of(submission_id: str, shards: int) -> int:
    """Which of the call's shards holds a submission; CRC-32 is the same on every machine and spreads well enough."""
    return crc32(submission_id.encode()) % shards


def received(
    published: PublishedCall,
    submission_id: str,
    answers: Answers,
    *,
    language: str,
    now: datetime,
    at: str,
    flags: tuple[Flag, ...] = (),
) -> Submission:
    """A submission that has just come in. `at` is the stamp of `now`."""
    call = published.call
    return Submission(
        call=call.call,
        id=submission_id,
        state="received",
        shard=shard_of(submission_id, call.policy.shards),
        answers=msgspec.json.encode(answers).decode(),
        fingerprint=fingerprint(answers),
        language=language,
        form_version=published.version,
        submitted_at=at,
        changed_at=at,
        consents=consents_in(call, answers, language=language, at=at),
        history=(Happening(at=at, event="received"),),
        expires_at=int((now + timedelta(days=call.policy.unconfirmed_days)).timestamp()),
        flags=flags,
    )


def consents_in(call: Call, answers: Answers, *, language: str, at: str) -> ConsentRecord:
    """What these answers agree to."""
    given = tuple(name for name, answer in answers.items() if call.fields[name].type == "consent" and answer is True)
    return ConsentRecord(given=given, privacy_version=call.privacy.version, language=language, at=at)
