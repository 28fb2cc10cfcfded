"""The documents that programs get from the public routes, as types: the OpenAPI document is made of them."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from chalicelib.calls.call import Contact, Form, Landscape, Organisation, Privacy
from chalicelib.calls.fields import Texts
from chalicelib.ledger.entry import MailState
from chalicelib.submissions.changes import Action
from chalicelib.submissions.submission import State


class EventDocument(TypedDict):
    """The public event; times in UTC."""

    title: Texts
    place: Texts
    note: Texts
    starts_at: str
    ends_at: str


class PolicyDocument(TypedDict):
    """What the call expects of those who send a report."""

    tickets: Literal["optional", "required"]
    proof_of_work: Literal["optional", "required", "off"]
    unconfirmed_days: int


class CallDocument(TypedDict):
    """The public part of a call. Texts are maps by language; times are UTC."""

    call: str
    version: int
    phase: Literal["not-yet", "open", "full", "closed"]
    languages: list[str]
    title: Texts
    intro: Texts
    organiser: Organisation
    contact: Contact
    privacy: Privacy
    opens_at: str
    closes_at: str | None
    time_zone: str
    event: EventDocument | None
    form: Form
    landscape: Landscape
    policy: PolicyDocument


class CallsDocument(TypedDict):
    """The calls that are open now."""

    calls: list[CallDocument]


class HealthDocument(TypedDict):
    """The app can read its calls: how many there are."""

    status: Literal["ok"]
    calls: int


class TicketDocument(TypedDict):
    """A ticket, good for one report; ages in seconds. `challenge` is ALTCHA's, where there is work to prove."""

    ticket: str
    min_age: int
    max_age: int
    issued_at: str
    proof_of_work: Literal["optional", "required", "off"]
    challenge: dict[str, Any] | None


class AcceptedDocument(TypedDict):
    """A report that was taken."""

    reference: str
    state: State
    call: str
    submitted_at: str


class HappeningDocument(TypedDict):
    """One line of a report's history."""

    at: str
    event: str


class MailDocument(TypedDict):
    """What became of one mail."""

    kind: str
    state: MailState
    at: str


class ReceiptDocument(TypedDict):
    """A report as its submitter sees it. `version` goes with the next change, `actions` are what may be done now."""

    reference: str
    call: str
    state: State
    submitted_at: str
    version: int
    answers: dict[str, Any]
    history: list[HappeningDocument]
    mails: list[MailDocument]
    actions: list[Action]


class ErasedDocument(TypedDict):
    """What is left of a report that was erased."""

    reference: str
    call: str
    state: Literal["erased"]
    submitted_at: str
    erased_at: str


class HeldDocument(TypedDict):
    """Everything that is held about a report; `about` says in words what each member is."""

    about: dict[str, str]
    submission: dict[str, Any]
    revisions: list[dict[str, Any]]
    notes: list[dict[str, Any]]
    mails: list[dict[str, Any]]
    audit: list[HappeningDocument]


class AskedDocument(TypedDict):
    """A mail follows if there is something to send; the answer is the same if not."""

    call: str
    state: Literal["asked"]
