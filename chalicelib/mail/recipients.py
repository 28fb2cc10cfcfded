"""Who gets an announcement: whom it is for, each address once, and none that wants no mail from us.

Counting them notes each address with the report that its mail is about. Sending goes to those who were noted: what was
counted is what is sent, but for those who unsubscribe, withdraw or are erased in between.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.announcements import table
from chalicelib.announcements.announcement import addresses
from chalicelib.mail.about import address_of
from chalicelib.mail.table import suppressed
from chalicelib.runtime.clock import stamp
from chalicelib.runtime.keys import keys
from chalicelib.submissions import table as submissions
from chalicelib.submissions.links import address_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.announcements.announcement import Announcement
    from chalicelib.calls.call import Call
    from chalicelib.submissions.submission import Submission

REMEMBERED = timedelta(days=30)  # which report brings an address an announcement
_BATCH = 100  # that `existing` takes


def count_in(call: Call, announcement: Announcement, page: Sequence[Submission], at: datetime) -> list[Submission]:
    """Those of some submissions that get it; their addresses are noted. Safe to repeat. Raises `Unavailable`."""
    digests = _addressed(call, announcement, page, at)
    known = list(digests.values())
    without = table.unsubscribed(call.call, known) | suppressed(known)
    theirs = [one for one in page if one.id in digests and digests[one.id] not in without]
    taken = [one for one in theirs if take(call, announcement, one, digests[one.id], at)]
    gone = _gone(call, taken)
    for one in taken:
        if one.id in gone:
            table.forget(call.call, digests[one.id], one.id)
    return [one for one in taken if one.id not in gone]


def counted(call: Call, announcement: Announcement, page: Sequence[Submission], at: datetime) -> list[Submission]:
    """Those of some submissions that were counted and still get it."""
    digests = _addressed(call, announcement, page, at)
    holders = table.holders(call.call, list(digests.values()), announcement.reservation)
    return [one for one in page if one.id in digests and holders.get(digests[one.id]) == one.id]


def take(call: Call, announcement: Announcement, submission: Submission, digest: str, at: datetime) -> bool:
    """Let this submission's mail be the one that brings its address (`digest`) the announcement; whether it is."""
    until = int((at + REMEMBERED).timestamp())
    return table.take(call.call, digest, announcement.reservation, submission.id, at=stamp(at), expires_at=until)


def _addressed(call: Call, announcement: Announcement, page: Sequence[Submission], at: datetime) -> dict[str, str]:
    """The digests of the addresses behind the submissions that it is for, by their ids."""
    return {
        one.id: address_digest(keys(), address_of(call, one))
        for one in page
        if addresses(announcement.audience, call, one, at)
    }


def _gone(call: Call, taken: Sequence[Submission]) -> set[str]:
    """Which were erased meanwhile: an erasure that did not see the note is seen here, one that comes later sees it."""
    ids = [one.id for one in taken]
    batches = (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))
    return set(ids).difference(*(submissions.existing(call.call, one, call.policy.shards) for one in batches))
