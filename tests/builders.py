"""Small things to test with: a call, answers to it, submissions, requests. A builder takes what a test cares about."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.access.roles import ROLES
from chalicelib.calls.answers import judge
from chalicelib.calls.call import (
    Call,
    Consents,
    Contact,
    Form,
    Organisation,
    Organiser,
    Policy,
    Privacy,
    PublishedCall,
    Step,
)
from chalicelib.calls.fields import Choice, Condition, Field
from chalicelib.runtime.clock import stamp
from chalicelib.runtime.keys import Keys
from chalicelib.submissions.reference import from_bits
from chalicelib.submissions.submission import Submission, received
from chalicelib.web.request import Request
from infra.call_files import read_call_file

PROJECT = Path(__file__).parent.parent
KEYS = Keys(root="a root for tests")
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
OPENS = datetime(2017, 5, 1, 9, 0)  # noqa: DTZ001 - local time, as call files have it


def texts(words: str) -> dict[str, str]:
    return {"de": f"{words} (deutsch)", "en": f"{words} (English)"}


def choices(*ids: str) -> tuple[Choice, ...]:
    return tuple(Choice(id=one, label=texts(one)) for one in ids)


def field(name: str, kind: str, **more: Any) -> Field:
    return Field(id=name, type=kind, label=texts(name), **more)  # type: ignore[arg-type]


def small_fields() -> tuple[Field, ...]:
    """Nearly one of each type."""
    return (
        field("name", "text", required=True, max_length=40, public=True),
        field("summary", "textarea", min_length=10, max_length=100, public=True),
        field("themes", "choices", required=True, choices=choices("green", "work", "other"), public=True),
        field("theme_other", "text", show_if=Condition(field="themes", has="other")),
        field("relation", "choice", choices=choices("knows", "part_of")),
        field("contact", "email", show_if=Condition(field="relation", is_="part_of"), personal=True),
        field("since", "year", min=1850, max=2100),
        field("website", "url"),
        field("phone", "tel"),
        field("day", "date"),
        field("email", "email", required=True, personal=True),
        field("privacy", "consent", required=True),
        field("publish", "consent", required=True),
        field("invite", "consent"),
    )


def call_of(*fields: Field, name: str = "small-call", policy: Policy | None = None, **changes: Any) -> Call:
    """A call that asks `fields` (`small_fields` when there are none), open since 2017."""
    call = Call(
        call=name,
        languages=("de", "en"),
        title=texts("A small call"),
        intro=texts("Tell us."),
        organiser=Organisation(name=texts("The organiser")),
        contact=Contact(name=texts("The team"), email="team@example.org"),
        privacy=Privacy(version="1", notice=texts("We keep little.")),
        opens_at=OPENS,
        closes_at=None,
        time_zone="Europe/Berlin",
        organisers=tuple(Organiser(email=f"{role}@example.org", role=role) for role in ROLES),
        form=Form(
            submitter_email="email",
            title_field="name",
            consents=Consents(privacy="privacy", publication="publish"),
            steps=(Step(id="all", title=texts("All"), fields=fields or small_fields()),),
        ),
        policy=policy or Policy(tickets="optional", shards=2),
    )
    return replace(call, **changes)


def published(call: Call | None = None, version: int = 1) -> PublishedCall:
    return PublishedCall(call=call or call_of(), version=version, published_at="2026-04-30T08:00:00.000Z")


@cache
def kosi() -> Call:
    """The real call of KoSI-Lab."""
    return read_call_file(PROJECT / "calls" / "kosi-lab-dortmund.yaml")[0]


def answers(**changes: Any) -> dict[str, Any]:
    """Good answers to the small call; a change to `None` leaves a field out."""
    good = {"name": "Grüne Höfe", "themes": ["green"], "email": "ada@example.org", "privacy": True, "publish": True}
    return {name: value for name, value in (good | changes).items() if value is not None}


def kosi_answers(**changes: Any) -> dict[str, Any]:
    """Good answers to the call of KoSI-Lab."""
    good = {
        "relation": "part_of",
        "name": "Tauschregal im Hausflur",
        "summary": "Im Hausflur steht ein Regal: Wer etwas übrig hat, stellt es hinein.",
        "themes": ["sustainable_development", "other"],
        "theme_other": "Nachbarschaft",
        "districts": ["hoerde"],
        "since": 2015,
        "reporter_name": "Zoë Kanarienvogel",
        "reporter_email": "canary@example.org",
        "privacy_read": True,
        "consent_publish": True,
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def submission_of(
    call: PublishedCall | None = None,
    number: int = 1,
    given: dict[str, Any] | None = None,
    *,
    language: str = "de",
    now: datetime = NOON,
) -> Submission:
    """A submission just received, its reference from `number`."""
    asked = call or published()
    judged = judge(asked.call, given if given is not None else answers())
    return received(asked, from_bits(number), judged, language=language, now=now, at=stamp(now))


def later(**span: float) -> datetime:
    """So long after noon."""
    return NOON + timedelta(**span)


def request(
    path: str = "/calls/small-call/form", *, language: str = "en", query: dict[str, str] | None = None, **headers: str
) -> Request:
    """A GET; header names with underscores."""
    return Request(
        method="GET",
        path=path,
        query=query or {},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=b"",
        language=language,
        id="request-1",
    )


def accepted(
    call: PublishedCall | None = None,
    number: int = 1,
    given: dict[str, Any] | None = None,
    *,
    edited: dict[str, Any] | None = None,
    **changes: Any,
) -> Submission:
    """A submission as it is once it was accepted; `edited` is the organisers' copy."""
    one = submission_of(call, number, given)
    text = msgspec.json.encode(edited).decode() if edited is not None else None
    values = {"confirmed_at": one.submitted_at, "decided_at": one.submitted_at, "expires_at": None}
    return replace(one, **(values | {"state": "accepted", "published": text} | changes))
