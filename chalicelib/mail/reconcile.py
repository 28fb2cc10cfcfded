"""Reconcile: find mails that are owed and that nobody is at work on, and put them back on the queue.

The belt to the stream's braces: with the relay switched off altogether every mail still goes out, late. Repeating it is
harmless, the ledger's claim decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from chalicelib.calls.table import list_calls
from chalicelib.jobs.consequences import kinds_after, mails_owed
from chalicelib.jobs.messages import MailJob, mail_job_of
from chalicelib.jobs.queues import send_mail_jobs
from chalicelib.ledger import table as ledger
from chalicelib.ledger.entry import OPEN, Entry, waiting
from chalicelib.mail import table
from chalicelib.mail.announcing import reconcile_announcements
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.logs import log
from chalicelib.submissions import table as submissions
from chalicelib.submissions.submission import STATES, State

__all__ = ["reconcile_announcements", "reconcile_mails"]

WINDOW = timedelta(hours=48)
MOST = 5_000  # mails of a call in one state that one run looks at, those that changed longest ago first
_PAGE = 200


def reconcile_mails(*, clock: Callable[[], datetime] = now, since: datetime | None = None) -> dict[str, int]:
    """Look at what changed `since` (48 hours ago), and at what the ledger itself knows to be owed, however old.

    Gives how many mails were looked at and put back. While the breaker has stopped sending, nothing is put back.
    """
    switch = table.switch()
    if switch.stopped:
        log("mails-stopped", cause=switch.cause)
        return {"looked_at": 0, "put_back": 0, "stopped": 1}
    moment = clock()
    looked_at = put_back = 0
    seen: set[tuple[str, str]] = set()
    for page in _recent(stamp(since or moment - WINDOW)):
        looked_at += len(page)
        seen |= {(job.submission, job.kind) for job in page}
        known = ledger.entries((job.submission, job.kind) for job in page)
        jobs = [job for job in page if waiting(known.get((job.submission, job.kind)), moment.timestamp())]
        put_back += len(jobs) - len(send_mail_jobs(jobs))
    for entries in _owed(seen):
        looked_at += len(entries)
        found = [mail_job_of(entry) for entry in entries if waiting(entry, moment.timestamp())]
        left = [job for job in found if job is not None]
        put_back += len(left) - len(send_mail_jobs(left))
    log("reconciled", count=looked_at, jobs=put_back)
    return {"looked_at": looked_at, "put_back": put_back}


def _recent(since: str) -> Iterator[list[MailJob]]:
    """The mails owed for what changed since, a page of submissions at a time."""
    owing: list[State] = [state for state in STATES if kinds_after(state, [])]
    for published in list_calls():
        call = published.call
        for state in owing:
            for shard in range(call.policy.shards):
                for page in submissions.changed_since(call.call, state, shard, since):
                    yield [
                        MailJob(call.call, one.id, kind) for one in page for kind in mails_owed(one, call.policy.mails)
                    ]


def _owed(seen: set[tuple[str, str]]) -> Iterator[list[Entry]]:
    """What the ledger knows to be owed and no submission has shown."""
    for published in list_calls():
        for state in sorted(OPEN):
            listed = ledger.listed(published.call.call, state, most=MOST, oldest_first=True)
            keys = [key for *key, _ in listed if tuple(key) not in seen]
            for start in range(0, len(keys), _PAGE):
                found = ledger.entries((one[0], one[1]) for one in keys[start : start + _PAGE])
                yield list(found.values())
