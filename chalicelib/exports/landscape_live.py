"""The live landscape: it follows a decision within seconds.

Every change that the public sees makes a message (`jobs/relay.py`), received a few seconds later. The first of them
builds; those that were asked for before its reading began find their change in it and do nothing. So many decisions
make few builds, and the last change is never missed. Reconcile builds again what a lost message left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from chalicelib.calls.table import list_calls, read_call
from chalicelib.exports import landscape_storage as storage
from chalicelib.exports.event_page import digest
from chalicelib.exports.landscape_files import landscape_files
from chalicelib.jobs.messages import LandscapeJob
from chalicelib.jobs.queues import send_landscape_job
from chalicelib.runtime.clock import moment, now, stamp
from chalicelib.runtime.logs import log
from chalicelib.runtime.settings import settings
from chalicelib.submissions import table as submissions
from chalicelib.submissions.submission import STATES, State, Submission

if TYPE_CHECKING:
    from chalicelib.calls.call import PublishedCall

# Written last, so that what it says of itself holds for the other files, too.
_LAST = "landscape.json"
_PUBLIC: tuple[State, ...] = ("accepted", "confirmed")
_EVER = "0"  # before every stamp: DynamoDB compares with no empty text
# An index follows its table within a fraction of a second, nearly always.
INDEX_LAG = timedelta(seconds=1)
# Reconcile does not rely on that: what changed so shortly before a reading is read once more.
PATIENCE = timedelta(minutes=1)


def refresh(job: LandscapeJob, *, clock: Callable[[], datetime] = now) -> None:
    """Build the landscape of a call, unless that was done after the job was asked for. Raises `Unavailable`,
    `ChangedMeanwhile` (others keep writing).
    """
    published = read_call(job.call)  # as it is now: an event that moves is to be seen at once
    if published is None:
        log("landscape-of-no-call", call=job.call)
        return
    started = clock()
    made_with = recipe(published, started)
    known = storage.look(job.call, _LAST)
    if known is not None and known.recipe == made_with and known.read_at >= stamp(moment(job.asked_at) + INDEX_LAG):
        log("landscape-known", call=job.call)
        return
    found = _public(published)
    for file in landscape_files(published, found, base=settings().public_url, read_at=started, live=True):
        storage.write(job.call, file, read_at=stamp(started), recipe=made_with)
    log("landscape-refreshed", call=job.call)


def reconcile_landscapes(*, clock: Callable[[], datetime] = now) -> int:
    """Ask for every landscape that may be behind: a message was lost, the call changed, opened or closed, or there is
    a new release. Harmless to repeat. Gives how many were asked for.
    """
    started = clock()
    behind = [one for one in list_calls() if _behind(one, started)]
    for published in behind:
        send_landscape_job(LandscapeJob(call=published.call.call, asked_at=stamp(started)))
    log("reconciled-landscapes", jobs=len(behind))
    return len(behind)


def recipe(published: PublishedCall, at: datetime) -> str:
    """What a landscape is made with beside the submissions: another one means that it is to be built anew."""
    made_with = f"{published.version} {published.call.phase(at)} {digest()}"
    return sha256(made_with.encode()).hexdigest()[:20]


def _behind(published: PublishedCall, at: datetime) -> bool:
    known = storage.look(published.call.call, _LAST)
    if known is None:
        # Nothing was ever decided: the pages show an empty one by themselves.
        return bool(_last_change(published, ("accepted",)))
    if known.recipe != recipe(published, at):
        return True
    changed = _last_change(published, (*STATES, "erased"))
    return changed != "" and known.read_at < stamp(moment(changed) + PATIENCE)


def _last_change(published: PublishedCall, states: tuple[State, ...]) -> str:
    """The stamp of the newest change, by the index; empty when there is none."""
    shards = range(published.call.policy.shards)
    stamps = (submissions.last_change(published.call.call, state, shard) for state in states for shard in shards)
    return max((one or "" for one in stamps), default="")


def _public(published: PublishedCall) -> Iterator[Submission]:
    """Those that may be in the landscape, by the index: a call with many reports is not read whole for one decision."""
    for state in _PUBLIC:
        for shard in range(published.call.policy.shards):
            for page in submissions.changed_since(published.call.call, state, shard, _EVER):
                yield from page
