"""The outbox: every mail of a call by state, kind or report, and having those sent (again) that wait or failed.

Sending goes through queue and ledger like any other mail. A mail goes on only from the state in which somebody saw it,
so a second click, or a second person, finds nothing to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from chalicelib.jobs.messages import LinksJob, MailJob, ReleaseJob, mail_job_of
from chalicelib.jobs.queues import send_mail_jobs, send_mail_message
from chalicelib.ledger import table as ledger
from chalicelib.ledger.entry import MAIL_STATES, RESENDABLE, Entry, MailState
from chalicelib.ledger.overdue import count_overdue
from chalicelib.mail import table
from chalicelib.mail.breaker import Counts, Switch, window
from chalicelib.runtime.clock import stamp
from chalicelib.runtime.logs import log
from chalicelib.runtime.table import ConditionFailed
from chalicelib.submissions.reference import read

if TYPE_CHECKING:
    from chalicelib.ledger.table import Place

PAGE = 50
MOST_AT_ONCE = 100
_CURSOR = re.compile(r"[0-9A-Za-z-]{1,100}~[0-9A-Za-z_-]{1,220}~[0-9TZ:.-]{24}")
MOST_COUNTED = 10_000  # of each state; a page must not take longer the more mails there are


class Page(Struct, frozen=True):
    """Mails in one state, newest change first, and the cursor of those that come next."""

    entries: list[Entry]
    following: str | None


class Sending(Struct, frozen=True):
    """How the breaker stands, and what the last 24 hours brought."""

    switch: Switch
    counts: Counts
    overdue: int = 0


def page_of(call: str, state: MailState, cursor: str = "", *, family: str = "") -> Page:
    """A page of mails (of a family). A cursor that is none of ours begins at the top."""
    places = ledger.listed(call, state, most=PAGE + 1, start=_place(cursor), family=family)
    shown = places[:PAGE]
    known = ledger.entries((submission, kind) for submission, kind, _ in shown)
    entries = [known[submission, kind] for submission, kind, _ in shown if (submission, kind) in known]
    return Page(entries, "~".join(shown[-1]) if len(places) > PAGE else None)


def page_about(call: str, reference: str) -> Page:
    """All mails about one report, whatever their state, newest change first; none for what is no reference."""
    submission = read(reference)
    found = ledger.entries_of(submission) if submission else []
    theirs = [entry for entry in found if entry.call == call]
    return Page(sorted(theirs, key=lambda one: one.changed_at, reverse=True), None)


def counts_of(call: str) -> dict[MailState, int]:
    """How many mails are in each state, counted up to `MOST_COUNTED`."""
    return {state: ledger.count(call, state, most=MOST_COUNTED) for state in MAIL_STATES}


def sending(now: datetime, call: str = "") -> Sending:
    """Whether mails go out, and how many of a call are stuck. While sending is stopped none is: they wait."""
    switch = table.switch()
    stuck = count_overdue(call, now) if call and not switch.stopped else 0
    return Sending(switch, table.counts(window(switch, now)), stuck)


def resendable(entry: Entry) -> bool:
    """Whether an organiser may have this mail sent (again)."""
    return entry.state in RESENDABLE and mail_job_of(entry) is not None


def send_now(call: str, keys: Iterable[tuple[str, str]], now: datetime) -> list[Entry]:
    """Have these mails sent (again); gives those that were owed by it. Others are left alone: safe to repeat.

    A mail whose job the queue does not take is owed all the same, and reconcile finds it.
    """
    known = ledger.entries(keys)
    return _send([entry for entry in known.values() if entry.call == call], stamp(now))


def ask_for_all(job: ReleaseJob) -> None:
    """Have the worker send all of a kind. Raises `Unavailable`."""
    send_mail_message(msgspec.json.encode(job).decode(), 0)


def release(job: ReleaseJob) -> None:
    """Send on one page of what a job is about, and put the job back for the rest. Safe to repeat."""
    places = ledger.listed(job.call, job.release, most=MOST_AT_ONCE, start=job.start, family=job.family)
    wanted = [(submission, kind) for submission, kind, at in places if at <= job.until]
    entries = [entry for entry in ledger.entries(wanted).values() if not job.cause or entry.cause == job.cause]
    # As of the moment when it was asked for: whoever repeats this writes the same.
    sent = _send(entries, job.until)
    log("mails-released", call=job.call, count=len(sent))
    if len(places) == MOST_AT_ONCE:
        ask_for_all(replace(job, start=places[-1]))


def _send(entries: list[Entry], at: str) -> list[Entry]:
    sent: list[Entry] = []
    jobs: list[MailJob | LinksJob] = []
    for entry in entries:
        job = mail_job_of(entry)
        if job is None or entry.state not in RESENDABLE:
            continue
        try:
            sent.append(ledger.send_again(entry, at=at))
        except ConditionFailed:
            continue
        jobs.append(job)
    send_mail_jobs(jobs)
    return sent


def _place(cursor: str) -> Place | None:
    if not _CURSOR.fullmatch(cursor):
        return None
    submission, kind, at = cursor.split("~")
    return submission, kind, at
