"""The calendar file of a published call's event: the same bytes for everybody, until the call is published anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.calls.calendar import event_calendar
from chalicelib.runtime.clock import moment
from chalicelib.runtime.keys import Keys, keys
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from chalicelib.calls.call import Event, PublishedCall


def event_file(published: PublishedCall, event: Event, language: str) -> bytes:
    """The file (iCalendar, UTF-8) in one language of the call; `event` is the call's. Raises `Unavailable`."""
    call = published.call
    return event_calendar(
        call,
        event,
        language=language,
        uid=event_uid(keys(), call.call),
        sequence=published.event_sequence,
        at=moment(published.published_at),
        address=f"{settings().public_url}/calls/{call.call}",
    )


def event_uid(keys: Keys, call: str) -> str:
    """The event's name for all calendars: the same for ever, and in no other installation, whatever its address."""
    return f"{keys.digest('event', call).hex()[:32]}@aufruf"
