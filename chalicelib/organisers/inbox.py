"""The inbox: submissions by state and time, filtered, a page at a time, however many there are.

The shards of the index are merged as they are read, so a page takes as many requests as there are shards. A filter that
the index does not know is applied to what is read, and reading ends after so many requests: then the page says how far
it looked. A cursor is the place in each shard, so what comes in meanwhile moves nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from msgspec import Struct

from chalicelib.errors import N_, Refusal
from chalicelib.runtime.keys import BadSignature
from chalicelib.submissions.listing import count_up_to, listed
from chalicelib.submissions.submission import STATES

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.runtime.keys import Keys
    from chalicelib.submissions.submission import State, Submission

Sort = Literal["newest", "oldest"]
Source = tuple["State", int]
Place = tuple[str, str]
PAGE = 50
COUNTED = 1000  # of one state in one shard: enough to say "4,000 and more" without reading them all
_FILTERED_READ = 100  # one request brings so many, and stays below DynamoDB's 1 MB a page
_MOST_REQUESTS = 24  # for one page, at least as many as there are sources
_PURPOSE = "inbox"


class CursorInvalid(Refusal):
    """The cursor was not given out for this list."""

    code: ClassVar[str] = "cursor-invalid"
    title: ClassVar[str] = N_("This page of the list is not there.")
    message: ClassVar[str] = N_("Please start from the beginning of the list.")


class Page(Struct, frozen=True):
    """One page. `next` is the cursor of what follows, if anything may; `searched_to` is set where reading ended before
    the page was full: the stamp of the last submission that was looked at.
    """

    submissions: list[Submission]
    next: str | None = None
    searched_to: str | None = None


class _Shard:
    """What is read of one source and not yet taken, and the place of what was taken last."""

    def __init__(self, source: Source, place: Place | None) -> None:
        self.source, self.place = source, place
        self.waiting: deque[Submission] = deque()
        self.read_to, self.at_end = place, False

    def read(self, call: str, limit: int, *, newest_first: bool, since: str | None) -> None:
        found = listed(call, *self.source, newest_first=newest_first, limit=limit, after=self.read_to, since=since)
        self.waiting.extend(found)
        self.at_end = len(found) < limit
        if found:
            self.read_to = _place(found[-1])

    def take(self) -> Submission:
        taken = self.waiting.popleft()
        self.place = _place(taken)
        return taken


def read_page(
    call: Call,
    states: tuple[State, ...],
    *,
    keys: Keys,
    sort: Sort = "newest",
    cursor: str = "",
    fits: Callable[[Submission], bool] | None = None,
    since: str | None = None,
    visible: Callable[[Submission], bool] = lambda _: True,
) -> Page:
    """The submissions in `states` that `fits` lets through, after `cursor`.

    What is not `visible` leaves its place on the page empty, without another one being read for it. `since` is a stamp
    below which nothing can fit. Raises `CursorInvalid`, `Unavailable`.
    """
    sources: list[Source] = [(state, shard) for state in states for shard in range(call.policy.shards)]
    places = _read_cursor(keys, cursor, call, sources, sort) if cursor else [None] * len(sources)
    shards = [_Shard(source, place) for source, place in zip(sources, places, strict=True)]
    limit = PAGE + 1 if fits is None else _FILTERED_READ
    walk = _walk(call.call, shards, limit, newest_first=sort == "newest", since=since)
    found: list[Submission] = []
    last: str | None = None
    for one in walk:
        last = one.changed_at
        if fits is None or fits(one):
            found.append(one)
            if len(found) == PAGE:
                break
    more = any(shard.waiting or not shard.at_end for shard in shards)
    following = _write_cursor(keys, call, shards, sort) if more else None
    return Page(
        [one for one in found if visible(one)], following, searched_to=last if more and len(found) < PAGE else None
    )


def count_states(call: Call) -> dict[State, tuple[int, bool]]:
    """How many there are in each state, and whether that is all: counting ends at `COUNTED` a shard."""
    counts: dict[State, tuple[int, bool]] = {}
    for state in STATES:
        each = [count_up_to(call.call, state, shard, COUNTED) for shard in range(call.policy.shards)]
        counts[state] = (sum(each), all(one < COUNTED for one in each))
    return counts


def _walk(
    call: str, shards: list[_Shard], limit: int, *, newest_first: bool, since: str | None
) -> Iterator[Submission]:
    """What is in the shards, in order, as far as the requests for one page reach."""
    requests = max(_MOST_REQUESTS, 2 * len(shards))
    choose = max if newest_first else min
    while True:
        for shard in shards:
            if not shard.waiting and not shard.at_end:
                if requests == 0:
                    return
                requests -= 1
                shard.read(call, limit, newest_first=newest_first, since=since)
        filled = [shard for shard in shards if shard.waiting]
        if not filled:
            return
        yield choose(filled, key=lambda shard: _place(shard.waiting[0])).take()


def _place(submission: Submission) -> Place:
    return submission.changed_at, submission.id


def _write_cursor(keys: Keys, call: Call, shards: list[_Shard], sort: Sort) -> str:
    places = ["|".join(shard.place) if shard.place else "" for shard in shards]
    return keys.sign(_PURPOSE, [call.call, sort, _name(shards[0].source[0], len(shards), call), *places])


def _read_cursor(keys: Keys, cursor: str, call: Call, sources: list[Source], sort: Sort) -> list[Place | None]:
    try:
        name, order, states, *places = keys.verify(_PURPOSE, cursor)
    except (BadSignature, ValueError) as error:
        raise CursorInvalid from error
    expected = (call.call, sort, _name(sources[0][0], len(sources), call))
    if (name, order, states) != expected or len(places) != len(sources):
        raise CursorInvalid
    found: list[Place | None] = []
    for one in places:
        at, _, submission_id = str(one).partition("|")
        found.append((at, submission_id) if at else None)
    return found


def _name(first: State, sources: int, call: Call) -> str:
    return first if sources == call.policy.shards else "all"
