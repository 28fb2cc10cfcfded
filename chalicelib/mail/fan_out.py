"""Sending an announcement: walks over the call's submissions, a bounded slice for each message of the queue.

The first walk (of a draft) counts, and notes who was counted (`mail/recipients.py`). After an organiser has said so,
each walk puts the mails that the ledger does not know on the queue and counts the others; when all are settled, the
announcement is sent. A walk writes down after each page how far it is, so a crash repeats one page at most, and the
ledger lets none of its mails out twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from chalicelib.announcements import table
from chalicelib.announcements.announcement import Progress
from chalicelib.calls.table import get_call
from chalicelib.errors import NotFound
from chalicelib.jobs.batches import TryLater
from chalicelib.jobs.messages import AnnouncementJob, MailJob
from chalicelib.jobs.queues import send_announcement_job, send_mail_jobs
from chalicelib.ledger import table as ledger
from chalicelib.ledger.entry import waiting
from chalicelib.ledger.kinds import announcement_kind
from chalicelib.mail.recipients import count_in, counted
from chalicelib.runtime.clock import moment, now, stamp
from chalicelib.runtime.logs import log
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import ConditionFailed
from chalicelib.submissions import table as submissions

if TYPE_CHECKING:
    from chalicelib.announcements.announcement import Announcement
    from chalicelib.calls.call import Call
    from chalicelib.ledger.entry import Entry
    from chalicelib.submissions.submission import Submission

PAGES = 5  # of submissions, for each message
PATIENCE = timedelta(minutes=15)  # for a mail that is on the queue and not in the ledger yet
BETWEEN_WALKS = 60  # seconds


def fan_out(job: AnnouncementJob, *, clock: Callable[[], datetime] = now) -> None:
    """Walk on. Raises `TryLater` when the message must stay; one that came twice ends where the other one writes."""
    announcement = table.find(job.call, job.announcement)
    if announcement is None or announcement.state not in {"draft", "sending"} or _counted(announcement):
        log("announcement-not-due", call=job.call, kind=job.announcement)
        return
    try:
        call = get_call(job.call).call
    except NotFound:
        log("announcement-without-call", call=job.call)
        return
    queued = pages = 0
    try:
        # Counting notes each address: a page of that is enough for one message.
        most = 1 if announcement.state == "draft" else PAGES
        for page in islice(_rest(call, announcement.progress), most):
            announcement, more = _take_in(call, announcement, page, clock())
            queued, pages = queued + more, pages + 1
        whole = pages < most
        if whole:
            announcement = _at_the_end(announcement, clock())
    except ConditionFailed:
        log("announcement-elsewhere", call=job.call, kind=job.announcement)
        return
    if announcement.state == "sent" or _counted(announcement):
        log("announcement-walked", call=job.call, kind=job.announcement, state=announcement.state)
        return
    rate = settings().mail_rate_per_second
    # No faster than mails go out: who has just sent a report must not wait for their link behind ten thousand others.
    pause = 0 if not rate else BETWEEN_WALKS if whole else -(-queued // rate)
    send_announcement_job(job, delay=pause)


def _counted(announcement: Announcement) -> bool:
    return announcement.state == "draft" and announcement.count is not None


def _rest(call: Call, progress: Progress) -> Iterator[list[Submission]]:
    """The pages of submissions from where a walk is."""
    for shard in range(progress.shard, call.policy.shards):
        yield from submissions.pages(call.call, shard, progress.after if shard == progress.shard else None)


def _take_in(call: Call, announcement: Announcement, page: list[Submission], at: datetime) -> tuple[Announcement, int]:
    """The page's mails on the queue, and how far we are in the table; how many were queued.

    Raises `ConditionFailed`, and `TryLater` when the queue does not take them.
    """
    progress, queued = announcement.progress, 0
    counting = announcement.state == "draft"
    theirs = (count_in if counting else counted)(call, announcement, page, at)
    counts = dict(progress.counts)
    if not counting:
        kind = announcement_kind(announcement.id)
        known = ledger.entries((one.id, kind) for one in theirs)
        entries = {one.id: known.get((one.id, kind)) for one in theirs}
        jobs = [MailJob(call.call, one.id, kind) for one in theirs if _to_queue(announcement, entries[one.id], at)]
        if send_mail_jobs(jobs):
            raise TryLater
        queued = len(jobs)
        for entry in entries.values():
            name = entry.state if entry else "none"
            counts[name] = counts.get(name, 0) + 1
    after = Progress(progress.walk, page[0].shard, page[-1].id, progress.recipients + len(theirs), counts)
    new = replace(
        announcement,
        progress=after,
        sample=announcement.sample or (theirs[0].id if theirs else ""),
        queued_at=stamp(at) if queued else announcement.queued_at,
        changed_at=stamp(at),
    )
    return table.put_change(announcement, new), queued


def _to_queue(announcement: Announcement, entry: Entry | None, at: datetime) -> bool:
    """Whether a mail is put on the queue: in the first walk if nobody has, later if it seems lost."""
    if announcement.progress.walk == 1:
        return entry is None
    patient = announcement.queued_at and moment(announcement.queued_at) + PATIENCE > at
    return waiting(entry, at.timestamp()) and not patient


def _at_the_end(announcement: Announcement, at: datetime) -> Announcement:
    """What a walk that is through has found out. Raises `ConditionFailed`."""
    seen = announcement.progress
    if announcement.state == "draft":
        new = replace(
            announcement, count=seen.recipients, counted_at=stamp(at), progress=Progress(), changed_at=stamp(at)
        )
    else:
        # What the first walk put on the queue, it could not count.
        done = (seen.walk > 1 or not seen.recipients) and not _open(seen.counts)
        new = replace(
            announcement,
            state="sent" if done else "sending",
            told=seen.counts if seen.walk > 1 else {},
            finished_at=stamp(at) if done else "",
            progress=Progress(walk=seen.walk + 1),
            changed_at=stamp(at),
        )
    return table.put_change(announcement, new)


def _open(counts: dict[str, int]) -> int:
    """How many mails are not settled."""
    return sum(counts.get(state, 0) for state in ("none", "owed", "claimed"))
