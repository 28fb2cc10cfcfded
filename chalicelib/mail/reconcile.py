"""Reconcile: find mails that are owed and that nobody is at work on, and put them back on the queue.

The belt to the stream's braces: with the relay switched off altogether every mail still goes out, late. Repeating it is
harmless, the ledger's claim decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from chalicelib.calls.table import list_calls
from chalicelib.jobs.consequences import kinds_after, mails_owed
from chalicelib.jobs.messages import MailJob
from chalicelib.jobs.queues import send_mail_jobs
from chalicelib.ledger import table as ledger
from chalicelib.ledger.entry import waiting
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.logs import log
from chalicelib.submissions import table as submissions
from chalicelib.submissions.submission import STATES, State

WINDOW = timedelta(hours=48)


def reconcile_mails(*, clock: Callable[[], datetime] = now) -> dict[str, int]:
    """Look at what changed in the last 48 hours; gives how many submissions were looked at and mails put back."""
    moment = clock()
    looked_at = put_back = 0
    for page in _recent(stamp(moment - WINDOW)):
        looked_at += len(page)
        known = ledger.entries((job.submission, job.kind) for job in page)
        jobs = [job for job in page if waiting(known.get((job.submission, job.kind)), moment.timestamp())]
        put_back += len(jobs) - len(send_mail_jobs(jobs))
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
