"""An announcement: one mail to many submitters, written by organisers; who gets it, and how far it is. Values only.

`draft` (its recipients are being counted, or were) → `sending` → `sent`; `cancelled` from both. An update on an event
that moved begins as a draft by itself and waits for an organiser like every other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from msgspec import Struct

from chalicelib.calls.answers import AnswersInvalid
from chalicelib.errors import N_, FieldError, Refusal

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.calls.fields import Field
    from chalicelib.submissions.submission import Submission

AnnouncementState = Literal["draft", "sending", "sent", "cancelled"]
REACHABLE = ("confirmed", "accepted", "rejected", "duplicate")
"""States of submissions whose senders may be written to: the address is confirmed, and the report not taken back."""
LONGEST_SUBJECT = 120  # characters
LONGEST_BODY = 5000


class Text(Struct, frozen=True):
    """What it says in one language; paragraphs are separated by a blank line."""

    subject: str
    body: str


class Audience(Struct, frozen=True):
    """Who gets it: who asked to be invited; reports in these states; with one of these answers, by field.

    Empty means no limit.
    """

    invited: bool = True
    states: tuple[str, ...] = ()
    answers: dict[str, tuple[str, ...]] = {}


class Progress(Struct, frozen=True):
    """How far the walk over the recipients is: the how-manyeth, in which shard, after which id, and what it saw so far.

    `counts` are the recipients' mails by their state in the ledger, `none` for those that are not in it yet.
    """

    walk: int = 1
    shard: int = 0
    after: str | None = None
    recipients: int = 0
    counts: dict[str, int] = {}


class Announcement(Struct, frozen=True):
    """One announcement as stored. Times are UTC stamps; `edition` counts its wordings, `version` every write.

    `count` is how many get it, `counted_at` as of when, and `sample` the id of one of them; `round` says how often they
    were counted. `told` are the counts of the last whole walk, `queued_at` when mails were last put on the queue.
    """

    call: str
    id: str
    state: AnnouncementState
    texts: dict[str, Text]
    audience: Audience
    with_event: bool
    created_by: str
    created_at: str
    changed_at: str
    origin: Literal["written", "event"] = "written"
    version: int = 1
    edition: int = 1
    round: int = 1
    count: int | None = None
    counted_at: str = ""
    sample: str = ""
    progress: Progress = Progress()
    told: dict[str, int] = {}
    queued_at: str = ""
    sent_by: str = ""
    started_at: str = ""
    finished_at: str = ""

    @property
    def reservation(self) -> str:
        """What those were noted under who were counted: only they get it. Each counting begins anew."""
        return f"{self.id}.{self.round}"


class NotSendable(Refusal):
    """The announcement is not a counted draft, or the number typed is not that of its recipients."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "not-sendable"
    title: ClassVar[str] = N_("This announcement was not sent.")
    message: ClassVar[str] = N_("Please look at it once more: it may have been sent, cancelled or changed meanwhile.")


def addresses(audience: Audience, call: Call, submission: Submission, now: datetime) -> bool:
    """Whether the sender of a submission is among those an announcement is for."""
    if submission.state not in REACHABLE or not submission.exists(now):
        return False
    if submission.source and not submission.consents.given:
        return False  # taken over from a list, and its sender has not been here since: nobody gave us that address
    if audience.states and submission.state not in audience.states:
        return False
    if audience.invited and call.form.consents.invitation not in submission.consents.given:
        return False
    if not audience.answers:
        return True
    answers = submission.read_answers()
    return all(_one_of(answers.get(field), wanted) for field, wanted in audience.answers.items())


def filters(call: Call) -> tuple[Field, ...]:
    """The questions that recipients may be chosen by: those that the landscape draws charts or the map from."""
    drawn = {*call.landscape.charts, *([call.landscape.grid.field] if call.landscape.grid else [])}
    return tuple(one for one in call.fields.values() if one.id in drawn and one.choices)


def judge_texts(call: Call, given: Mapping[str, tuple[object, object]]) -> dict[str, Text]:
    """The texts by language from subject and body as typed. Raises `AnswersInvalid`; fields are `subject_de` and so "
    "on.
    """
    texts: dict[str, Text] = {}
    errors: list[FieldError] = []
    for language in call.languages:
        subject, body = (one if isinstance(one, str) else "" for one in given.get(language, ("", "")))
        subject, body = " ".join(subject.split()), body.replace("\r\n", "\n").strip()
        for name, words, most in (("subject", subject, LONGEST_SUBJECT), ("body", body, LONGEST_BODY)):
            if not words:
                errors.append(FieldError(f"{name}_{language}", "required", N_("Please write something here.")))
            elif len(words) > most:
                too_long = N_("Please use no more than %(most)s characters.")
                errors.append(FieldError(f"{name}_{language}", "too-long", too_long, {"most": most}))
            elif not words.replace("\n", "").replace("\t", "").isprintable():
                errors.append(
                    FieldError(f"{name}_{language}", "control", N_("Please remove the invisible characters."))
                )
        texts[language] = Text(subject, body)
    if errors:
        raise AnswersInvalid(errors=errors)
    return texts


def judge_audience(call: Call, *, invited: bool, states: list[str], answers: Mapping[str, list[str]]) -> Audience:
    """The audience as chosen. Raises `AnswersInvalid` for what there is not to choose."""
    known = {one.id: {choice.id for choice in one.choices} for one in filters(call)}
    errors = [
        FieldError(f"answer_{name}", "unknown-choice", N_("This cannot be chosen here."))
        for name, chosen in answers.items()
        if not set(chosen) <= known.get(name, set())
    ]
    if not set(states) <= set(REACHABLE):
        errors.append(FieldError("states", "unknown-choice", N_("This cannot be chosen here.")))
    if errors:
        raise AnswersInvalid(errors=errors)
    return Audience(
        # Where the form does not ask for it, nobody could have asked to be invited.
        invited=invited and bool(call.form.consents.invitation),
        states=tuple(one for one in REACHABLE if one in states),
        answers={name: tuple(chosen) for name, chosen in answers.items() if chosen},
    )


def _one_of(answer: object, wanted: tuple[str, ...]) -> bool:
    return bool(set(answer if isinstance(answer, list) else [answer]) & set(wanted))
