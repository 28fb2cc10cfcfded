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
    from chalicelib.calls.call import PublishedCall

State = Literal["received", "confirmed", "accepted", "rejected", "duplicate", "withdrawn"]
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


class Submission(Struct, frozen=True):
    """One submission as stored. `answers` is the JSON text of the normalised answers; times are UTC stamps;
    `expires_at` is epoch seconds and set only while unconfirmed; `generation` counts the links given out.
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
        return self.state == "received" and self.expires_at is not None and self.expires_at <= now.timestamp()


class NotConfirmedInTime(Refusal):
    """The submission was never confirmed and is gone."""

    status: ClassVar[int] = 410
    code: ClassVar[str] = "expired"
    title: ClassVar[str] = N_("This report was not confirmed in time and has been deleted.")
    message: ClassVar[str] = N_("Please open the form again and send your report once more.")


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
    consents = tuple(name for name, answer in answers.items() if call.fields[name].type == "consent" and answer is True)
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
        consents=ConsentRecord(given=consents, privacy_version=call.privacy.version, language=language, at=at),
        history=(Happening(at=at, event="received"),),
        expires_at=int((now + timedelta(days=call.policy.unconfirmed_days)).timestamp()),
        flags=flags,
    )
