"""The event of a call as a calendar file (iCalendar, RFC 5545; METHOD:PUBLISH as in RFC 5546, 3.2.1).

Times stand in UTC: every calendar shows them in its owner's zone, and no zone rules have to travel along.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from chalicelib.calls.call import Call, Event

CONTENT_TYPE = "text/calendar; charset=utf-8; method=PUBLISH"


def moved(old: Event | None, new: Event | None) -> bool:
    """Whether an event takes place at another time or place than it was said to; it may be gone altogether."""
    if old is None:
        return False  # nobody was told anything
    if new is None:
        return True
    return (old.starts_at, old.ends_at, old.place) != (new.starts_at, new.ends_at, new.place)


def upcoming(call: Call, now: datetime) -> bool:
    """Whether there is an event that is not over."""
    return call.event is not None and now < call.in_utc(call.event.ends_at)


def event_calendar(
    call: Call, event: Event, *, language: str, uid: str, sequence: int, at: datetime, address: str
) -> bytes:
    """The file. `uid` must stay the same for ever, `sequence` grow whenever the event moves (`PublishedCall`): by them
    a calendar knows an update from another event. `at` is when this version was published, `address` the call's page.
    """
    note = event.note.get(language, "")
    facts = _Facts(
        uid=uid,
        sequence=sequence,
        at=at,
        starts=call.in_utc(event.starts_at),
        ends=call.in_utc(event.ends_at),
        title=event.title[language],
        place=event.place[language],
        description=f"{note}\n\n{address}" if note else address,
        address=address,
        organiser=call.organiser.name[language],
        contact=call.contact.email,
    )
    return _file(facts)


class _Facts(Struct, frozen=True):
    """All that stands in a file."""

    uid: str
    sequence: int
    at: datetime
    starts: datetime
    ends: datetime
    title: str
    place: str
    description: str
    address: str
    organiser: str
    contact: str


@lru_cache(maxsize=16)  # ten thousand mails carry the same
def _file(facts: _Facts) -> bytes:
    # Imported here: 0.1 s, and only ever needed where a calendar file is asked for or attached.
    from icalendar import Calendar, vCalAddress, vText
    from icalendar import Event as CalendarEvent

    organiser = vCalAddress(f"MAILTO:{facts.contact}")
    organiser.params["CN"] = vText(facts.organiser)
    entry = CalendarEvent()
    entry.add("uid", facts.uid)
    entry.add("sequence", facts.sequence)
    entry.add("dtstamp", facts.at)
    entry.add("last-modified", facts.at)
    entry.add("dtstart", facts.starts)
    entry.add("dtend", facts.ends)
    entry.add("summary", facts.title)
    entry.add("location", facts.place)
    entry.add("description", facts.description)
    entry.add("url", facts.address)
    entry.add("status", "CONFIRMED")
    entry["organizer"] = organiser
    calendar = Calendar()
    calendar.add("prodid", "-//Aufruf//Aufruf//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(entry)
    return bytes(calendar.to_ical())
