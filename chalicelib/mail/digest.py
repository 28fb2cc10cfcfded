"""The organisers' daily digest: what happened in their calls since yesterday's. Nothing happened, no mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from chalicelib.access.check import organiser_of
from chalicelib.announcements import table as announcements
from chalicelib.calls.table import list_calls, remembered_calls
from chalicelib.errors import N_
from chalicelib.jobs.messages import DigestJob
from chalicelib.jobs.queues import send_digest_job
from chalicelib.ledger import table as ledger
from chalicelib.ledger.kinds import digest_kind, organiser_id
from chalicelib.mail.delivery import Letter, deliver_letter
from chalicelib.mail.message import Block, Message, button, facts, heading, paragraph, render
from chalicelib.runtime.clock import moment, now, stamp
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log
from chalicelib.runtime.settings import settings
from chalicelib.submissions import table as submissions
from chalicelib.submissions.links import address_digest
from chalicelib.submissions.listing import count
from chalicelib.web.languages import translate

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.mail.message import Mail
    from chalicelib.submissions.submission import State, Submission

DAY = timedelta(days=1)
_MOST_FAILED = 1000


class News(Struct, frozen=True):
    """What happened in a call within a day, and what waits for its organisers."""

    confirmed: int = 0
    changed: int = 0
    withdrawn: int = 0
    waiting: int = 0
    failed: int = 0
    prepared: int = 0

    @property
    def worth_a_mail(self) -> bool:
        """Whether anything happened; what only goes on waiting was told before."""
        return bool(self.confirmed or self.changed or self.withdrawn or self.prepared)


def request_digests(scheduled_at: str, *, clock: Callable[[], datetime] = now) -> dict[str, Any]:
    """Ask for the digest of each organiser of a call in which something happened; safe to repeat.

    `scheduled_at` is the schedule's time: a repeated event asks for the same mails.
    """
    until = moment(scheduled_at)
    owners: set[str] = set()
    for published in list_calls():
        if published.call.opens < clock() and news_of(published.call, until - DAY, until).worth_a_mail:
            owners |= {address_digest(keys(), one.email) for one in published.call.organisers}
    for owner in sorted(owners):
        send_digest_job(DigestJob(owner, f"{until:%Y%m%d%H}"))
    log("digests", jobs=len(owners))
    return {"digests": len(owners)}


def deliver_digest(job: DigestJob, *, clock: Callable[[], datetime] = now) -> None:
    """Send an organiser one mail about all their calls. Raises `TryLater` when the message must stay."""
    until = moment(f"{job.day[:4]}-{job.day[4:6]}-{job.day[6:8]}T{job.day[8:10]}:00:00.000Z")
    found: list[tuple[Call, News]] = []
    to = ""
    for published in remembered_calls():
        organiser = organiser_of(published.call, job.address)
        if organiser is None:
            continue
        news = news_of(published.call, until - DAY, until)
        if news.worth_a_mail:
            found, to = [*found, (published.call, news)], organiser.email
    if not found:
        log("digest-without-news", kind=digest_kind(job.day))
        return
    call = found[0][0]
    letter = Letter(call, organiser_id(job.address), digest_kind(job.day), to, call.languages[0])
    deliver_letter(letter, lambda: compose_digest(found, call.languages[0]), clock=clock)


def news_of(call: Call, since: datetime, until: datetime) -> News:
    """What happened in a call within these times, by the indexes (eventually consistent)."""
    begin, end = stamp(since), stamp(until)
    confirmed = changed = withdrawn = waiting = 0
    for shard in range(call.policy.shards):
        waiting += count(call.call, "confirmed", shard)
        for one in _changed_since(call, "confirmed", shard, begin):
            confirmed += begin <= (one.confirmed_at or "") < end
            changed += any(past.event == "changed" and begin <= past.at < end for past in one.history)
        withdrawn += sum(one.changed_at < end for one in _changed_since(call, "withdrawn", shard, begin))
    prepared = sum(
        one.origin == "event" and one.state == "draft" and begin <= one.created_at < end
        for one in announcements.announcements_of(call.call)
    )
    failed = ledger.count(call.call, "failed", most=_MOST_FAILED)
    return News(confirmed, changed, withdrawn, waiting, failed, prepared)


def compose_digest(calls: list[tuple[Call, News]], language: str) -> Mail:
    """The mail; numbers only, nothing that submitters wrote."""
    say: Callable[..., str] = partial(translate, language)
    base = settings().public_url
    blocks: list[Block] = [paragraph(say(N_("Good day,"))), paragraph(say(N_("since yesterday this has happened:")))]
    for call, news in calls:
        told = {
            N_("New and confirmed"): news.confirmed,
            N_("Changed by their senders"): news.changed,
            N_("Withdrawn"): news.withdrawn,
            N_("Waiting for a decision"): news.waiting,
            N_("E-mails that could not be sent"): news.failed,
            N_("Announcements that wait for you"): news.prepared,
        }
        blocks += [
            heading(call.title.get(language) or call.title[call.languages[0]]),
            facts(*((say(words), str(count)) for words, count in told.items() if count)),
            button(say(N_("To the reports")), f"{base}/organiser/calls/{call.call}/submissions?state=confirmed"),
        ]
    first = calls[0][0]
    subject = N_("What is new: %(title)s") if len(calls) == 1 else N_("What is new in your calls")
    title = first.title.get(language) or first.title[first.languages[0]]
    return render(Message(language, say(subject, {"title": title}), tuple(blocks)), first)


def _changed_since(call: Call, state: State, shard: int, since: str) -> list[Submission]:
    return [one for page in submissions.changed_since(call.call, state, shard, since) for one in page]
