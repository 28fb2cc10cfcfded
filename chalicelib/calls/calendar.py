"""The event of a call as a calendar file (iCalendar, RFC 5545; METHOD:PUBLISH as in RFC 5546, 3.2.1).

Times stand in UTC: every calendar shows them in its owner's zone, and no zone rules have to travel along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

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
    # Imported here: 0.1 s, and only ever needed where a calendar file is asked for or attached.
    from icalendar import Calendar, vCalAddress, vText
    from icalendar import Event as CalendarEvent

    organiser = vCalAddress(f"MAILTO:{call.contact.email}")
    organiser.params["CN"] = vText(call.organiser.name[language])
    entry = CalendarEvent()
    entry.add("uid", uid)
    entry.add("sequence", sequence)
    entry.add("dtstamp", at)
    entry.add("last-modified", at)
    entry.add("dtstart", call.in_utc(event.starts_at))
    entry.add("dtend", call.in_utc(event.ends_at))
    entry.add("summary", event.title[language])
    entry.add("location", event.place[language])
    note = event.note.get(language, "")
    entry.add("description", f"{note}\n\n{address}" if note else address)
    entry.add("url", address)
    entry.add("status", "CONFIRMED")
    entry["organizer"] = organiser
    calendar = Calendar()
    calendar.add("prodid", "-//Aufruf//Aufruf//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(entry)
    return bytes(calendar.to_ical())
