"""What organisers do with announcements: write, change, send, cancel. And the updates that prepare themselves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING

from msgspec.structs import replace

from chalicelib.announcements import table
from chalicelib.announcements.announcement import Announcement, Audience, NotSendable, Progress, Text
from chalicelib.calls.calendar import upcoming
from chalicelib.calls.table import list_calls
from chalicelib.errors import N_, ChangedMeanwhile, NotFound, Unavailable
from chalicelib.jobs.messages import AnnouncementJob
from chalicelib.jobs.queues import send_announcement_job
from chalicelib.runtime.clock import moment, now, stamp
from chalicelib.runtime.logs import log
from chalicelib.runtime.table import ConditionFailed
from chalicelib.web.languages import translate

if TYPE_CHECKING:
    from chalicelib.calls.call import Call, PublishedCall

_TRIES = 5
COUNT_HOLDS = timedelta(hours=1)  # who confirms after the counting does not get it
PATIENCE = timedelta(minutes=20)  # an announcement that did not move for so long is put back on the queue


def find(call: str, announcement_id: str) -> Announcement:
    """The announcement. Raises `NotFound`, `Unavailable`."""
    found = table.find(call, announcement_id)
    if found is None:
        raise NotFound
    return found


def write(
    call: Call, texts: dict[str, Text], audience: Audience, *, with_event: bool, by: str, now: datetime
) -> Announcement:
    """A new draft; its recipients are counted at once, by the worker. Raises `Unavailable`."""
    draft = Announcement(
        call=call.call,
        id=token_hex(4),
        state="draft",
        texts=texts,
        audience=audience,
        with_event=with_event,
        created_by=by,
        created_at=stamp(now),
        changed_at=stamp(now),
    )
    table.create(draft)
    _walk(draft)
    return draft


def rewrite(
    call: str,
    announcement_id: str,
    texts: dict[str, Text],
    audience: Audience,
    *,
    with_event: bool,
    edition: int | None,
    now: datetime,
) -> Announcement:
    """The draft with other words or recipients, who are counted anew.

    `edition` is the one that was looked at. Raises `NotFound`, `ChangedMeanwhile`, `NotSendable` when it is no draft
    any more, `Unavailable`.
    """
    for _ in range(_TRIES):
        known = find(call, announcement_id)
        if known.state != "draft":
            raise NotSendable
        if (known.texts, known.audience, known.with_event) == (texts, audience, with_event):
            return known
        if edition is not None and edition != known.edition:
            raise ChangedMeanwhile
        new = _uncounted(known, now)
        new = replace(new, texts=texts, audience=audience, with_event=with_event, edition=known.edition + 1)
        with suppress(ConditionFailed):  # the worker counts meanwhile
            new = table.put_change(known, new)
            _walk(new)
            return new
    raise Unavailable


def count_again(call: str, announcement_id: str, *, now: datetime) -> Announcement:
    """The draft, whose recipients are counted anew. Raises `NotFound`, `NotSendable` when it is none, `Unavailable`."""
    for _ in range(_TRIES):
        known = find(call, announcement_id)
        if known.state != "draft":
            raise NotSendable
        if known.count is None:
            return known
        with suppress(ConditionFailed):
            new = table.put_change(known, _uncounted(known, now))
            _walk(new)
            return new
    raise Unavailable


def outdated(announcement: Announcement, now: datetime) -> bool:
    """Whether a draft's recipients were counted so long ago that others may have come since."""
    return announcement.count is not None and moment(announcement.counted_at) + COUNT_HOLDS < now


def send(call: str, announcement_id: str, typed: str, *, by: str, now: datetime) -> Announcement:
    """Send it to all whom it is for, once their number was typed; harmless to repeat.

    Raises `NotFound`, `NotSendable`, `Unavailable`.
    """
    known = find(call, announcement_id)
    if known.state in {"sending", "sent"}:
        return known
    if known.state != "draft" or not known.count:
        raise NotSendable
    if outdated(known, now):
        count_again(call, announcement_id, now=now)
        raise NotSendable(N_("The recipients were counted more than an hour ago. They are being counted again."))
    if typed.strip() != str(known.count):
        raise NotSendable(N_("Please type how many people get it: %(count)s."), count=known.count)
    new = replace(known, state="sending", progress=Progress(), sent_by=by, started_at=stamp(now), changed_at=stamp(now))
    try:
        new = table.put_change(known, new)
    except ConditionFailed:
        raise NotSendable from None
    _walk(new)
    log("announcement-started", call=call, kind=announcement_id, count=known.count)
    return new


def _uncounted(draft: Announcement, now: datetime) -> Announcement:
    return replace(
        draft, round=draft.round + 1, count=None, counted_at="", sample="", progress=Progress(), changed_at=stamp(now)
    )


def cancel(call: str, announcement_id: str, *, now: datetime) -> Announcement:
    """Send it to nobody, or to nobody else; what is out is out. Harmless to repeat.

    Raises `NotFound`, `NotSendable` when it was sent already, `Unavailable`.
    """
    for _ in range(_TRIES):
        known = find(call, announcement_id)
        if known.state == "cancelled":
            return known
        if known.state == "sent":
            raise NotSendable
        new = replace(known, state="cancelled", finished_at=stamp(now), changed_at=stamp(now))
        with suppress(ConditionFailed):  # the worker walks on meanwhile
            return table.put_change(known, new)
    raise Unavailable


def reconcile_announcements(*, clock: Callable[[], datetime] = now) -> dict[str, int]:
    """Prepare updates on events that moved, and let walks go on whose message was lost. Harmless to repeat."""
    prepared = put_back = 0
    for published in list_calls():
        prepared += _prepare_update(published, clock())
        for one in table.announcements_of(published.call.call):
            walking = one.state == "sending" or (one.state == "draft" and one.count is None)
            if walking and moment(one.changed_at) + PATIENCE < clock():
                _walk(one)
                put_back += 1
    log("reconciled-announcements", count=prepared, jobs=put_back)
    return {"prepared": prepared, "put_back": put_back}


def _prepare_update(published: PublishedCall, at: datetime) -> bool:
    """A draft for those who asked to be invited, if the event moved and nobody has told them; whether one was made."""
    call = published.call
    if call.event is None or not published.event_sequence or not upcoming(call, at):
        return False
    number = published.event_sequence
    if table.find(call.call, f"event-{number}") is not None:
        return False
    texts = {language: _update_text(call, language) for language in call.languages}
    draft = Announcement(
        call=call.call,
        id=f"event-{number}",
        state="draft",
        texts=texts,
        audience=Audience(invited=bool(call.form.consents.invitation)),
        with_event=True,
        created_by="",
        created_at=stamp(at),
        changed_at=stamp(at),
        origin="event",
    )
    if not table.create(draft):
        return False
    # An update that nobody has sent says what is no longer so.
    for older in table.announcements_of(call.call):
        if older.origin == "event" and older.state == "draft" and older.id != draft.id:
            cancel(call.call, older.id, now=at)
    _walk(draft)
    log("announcement-prepared", call=call.call, kind=draft.id)
    return True


def _update_text(call: Call, language: str) -> Text:
    event = call.event
    assert event is not None
    words: dict[str, str | int] = {"event": event.title[language], "title": call.title[language]}
    body = N_(
        "the event “%(event)s” on “%(title)s” takes place at another time or place than we had told you. Below you "
        "find when and where it is now. We are looking forward to seeing you.\n\nThe attached file brings your "
        "calendar up to date."
    )
    subject = translate(language, N_("Changed: %(event)s"), words)
    return Text(subject, translate(language, body, words))


def _walk(announcement: Announcement) -> None:
    send_announcement_job(AnnouncementJob(announcement.call, announcement.id))
