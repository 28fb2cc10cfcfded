"""A call: what is asked, of whom, until when, and what may be shown of it. Values only."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from chalicelib.calls.fields import Condition, Field, Texts


class Organisation(Struct, frozen=True, forbid_unknown_fields=True):
    """Who runs the call."""

    name: Texts
    url: str = ""


class Contact(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to ask."""

    name: Texts
    email: str
    phone: str = ""


class Privacy(Struct, frozen=True, forbid_unknown_fields=True):
    """The privacy notice, plain text with blank lines between paragraphs; `version` is kept with each consent."""

    version: str
    notice: Texts


class Event(Struct, frozen=True, forbid_unknown_fields=True):
    """The public event; times are local times of the call's time zone."""

    title: Texts
    place: Texts
    starts_at: datetime
    ends_at: datetime
    note: Texts = {}


class Organiser(Struct, frozen=True, forbid_unknown_fields=True):
    """A person who runs the call."""

    email: str
    role: Literal["owner", "moderator", "viewer"]


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """A group of fields under one heading."""

    id: str
    title: Texts
    fields: tuple[Field, ...]
    intro: Texts = {}


class Consents(Struct, frozen=True, forbid_unknown_fields=True):
    """Which consent field means what."""

    privacy: str
    publication: str
    open_data: str = ""
    invitation: str = ""


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """The questions. `submitter_email` names the field whose address gets the mails, `title_field` the one whose
    answer names a submission in lists. `takes_part` is the condition for a sender who is part of what is reported:
    of several reports of the same, theirs leads.
    """

    submitter_email: str
    title_field: str
    consents: Consents
    steps: tuple[Step, ...]
    takes_part: Condition | None = None


When = Literal["off", "at-once", "prepared"]


class DecisionMails(Struct, frozen=True, forbid_unknown_fields=True):
    """What the submitter hears of a decision: nothing, a mail at once, or one that an organiser lets go."""

    published: When = "at-once"
    declined: When = "prepared"
    merged: When = "at-once"


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of a call."""

    tickets: Literal["optional", "required"] = "required"
    proof_of_work: Literal["optional", "required", "off"] = "optional"
    ticket_min_seconds: int = 2
    ticket_max_seconds: int = 86_400
    limit: int | None = None
    ignore_fields: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    next: dict[str, str] = {}
    mails_per_address: int = 5
    mails_per_day: int = 5_000
    mails: DecisionMails = DecisionMails()
    retention_months: int = 12
    unconfirmed_days: int = 7
    shards: int = 4


class Tile(Struct, frozen=True, forbid_unknown_fields=True):
    """A district on the tile map: the id of a choice, and its place counted from 0 at the north-west.

    `lat` and `lng` are about where its centre is, in degrees (WGS 84), for maps with coordinates; both or none.
    """

    id: str
    row: int
    col: int
    lat: float | None = None
    lng: float | None = None


class Grid(Struct, frozen=True, forbid_unknown_fields=True):
    """The district map."""

    field: str
    columns: int
    rows: int
    tiles: tuple[Tile, ...]


class Landscape(Struct, frozen=True, forbid_unknown_fields=True):
    """What the public view shows beside the public fields."""

    charts: tuple[str, ...] = ()
    grid: Grid | None = None


class Push(Struct, frozen=True, forbid_unknown_fields=True):
    """A bucket of the city's own that gets a copy of each nightly export, below `prefix`."""

    bucket: str
    prefix: str = ""


class Exports(Struct, frozen=True, forbid_unknown_fields=True):
    """What leaves the system beside the usual downloads: nothing, unless it is said here.

    `openfairdb`: a file of the entries whose senders agreed to open data, for the Karte von morgen.
    """

    push: Push | None = None
    openfairdb: bool = False


class Call(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """An open call, as in `calls/<call>.yaml`. Times are local, without offset; `opens` and `closes` are UTC."""

    call: str
    languages: tuple[str, ...]
    title: Texts
    intro: Texts
    organiser: Organisation
    contact: Contact
    privacy: Privacy
    opens_at: datetime
    closes_at: datetime | None
    time_zone: str
    organisers: tuple[Organiser, ...]
    form: Form
    event: Event | None = None
    policy: Policy = field(default_factory=Policy)
    landscape: Landscape = field(default_factory=Landscape)
    exports: Exports = field(default_factory=Exports)
    # Not written in a file: the worker that counts found as many submissions as `policy.limit` allows.
    full: bool = False

    @cached_property
    def fields(self) -> dict[str, Field]:
        """All fields by id, in the order of the form."""
        return {one.id: one for step in self.form.steps for one in step.fields}

    @cached_property
    def opens(self) -> datetime:
        """When it opens, in UTC."""
        return self.in_utc(self.opens_at)

    @cached_property
    def closes(self) -> datetime | None:
        """When it closes, in UTC; `None` means never."""
        return self.in_utc(self.closes_at) if self.closes_at else None

    def in_utc(self, local: datetime) -> datetime:
        """A local time of this call, in UTC."""
        return local.replace(tzinfo=local.tzinfo or ZoneInfo(self.time_zone)).astimezone(UTC)

    def phase(self, now: datetime) -> Literal["not-yet", "open", "full", "closed"]:
        """Whether the call takes submissions at `now`."""
        if now < self.opens:
            return "not-yet"
        if self.closes is not None and now >= self.closes:
            return "closed"
        return "full" if self.full else "open"


class PublishedCall(Struct, frozen=True):
    """A call as published: each change makes a new version, and submissions name the version they answered.

    `event_sequence` counts how often its event was moved: SEQUENCE of the calendar files (RFC 5545, 3.8.7.4).
    """

    call: Call
    version: int
    published_at: str
    event_sequence: int = 0


def holds(condition: Condition | None, answers: dict[str, object]) -> bool:
    """Whether a field with this `show_if` is asked, given the answers so far."""
    if condition is None:
        return True
    answer = answers.get(condition.field)
    if condition.has is not None:
        return isinstance(answer, list | tuple) and condition.has in answer
    return answer == condition.is_


def filter_fields(call: Call) -> dict[str, Field]:
    """The questions behind the filters `theme`, `district` and `relation`, as far as the call asks them."""
    grid, takes_part = call.landscape.grid, call.form.takes_part
    named = {
        "theme": call.landscape.charts[0] if call.landscape.charts else "themes",
        "district": grid.field if grid else "districts",
        "relation": takes_part.field if takes_part else "relation",
    }
    return {name: call.fields[field] for name, field in named.items() if field in call.fields}
