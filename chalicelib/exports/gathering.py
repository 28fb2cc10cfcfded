"""The first half of an export: all shards, side by side, into lines that can be read in the order of time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.exports import runs
from chalicelib.exports.lines import Lines
from chalicelib.exports.reader import Page, Read, make_ready, read_page
from chalicelib.runtime.clock import moment, stamp

if TYPE_CHECKING:
    from chalicelib.calls.call import Policy
    from chalicelib.exports.checkpoint import Checkpoint
    from chalicelib.exports.export import Export

AT_ONCE = 4  # shards that are read side by side; each has one page on the way, a few megabytes
# Reconcile looks at the last two days: a mail that is owed for longer is the night's to put back.
OVERDUE = timedelta(hours=48)


class Gathering:
    """Reads pages and keeps their lines, in memory (`kept`) and as sorted runs in the bucket.

    What it knows is in the checkpoint, but for `kept`: `put_away` makes it whole.
    """

    def __init__(self, export: Export, policy: Policy, checkpoint: Checkpoint) -> None:
        self._export = export
        self._mails = policy.mails
        self._checkpoint = checkpoint
        if not checkpoint.cursors:
            checkpoint.cursors = {str(shard): "" for shard in range(policy.shards)}
        read_at = moment(checkpoint.read_at)
        self._now = read_at.timestamp()
        self._overdue = stamp(read_at - OVERDUE)
        self.kept = Lines()

    @property
    def shards_done(self) -> int:
        """How many shards are read to their end."""
        return sum(cursor is None for cursor in self._checkpoint.cursors.values())

    def pages(self) -> Iterator[None]:
        """Read on, a page each step; may be left after any. Raises `Unavailable`."""
        cursors = self._checkpoint.cursors
        waiting = [shard for shard, cursor in cursors.items() if cursor is not None]
        asked: dict[str, Future[Page]] = {}
        # botocore's clients may be shared by threads, but not be made by two of them at once.
        make_ready()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            try:
                while waiting:
                    for shard in waiting[:AT_ONCE]:
                        if shard not in asked:
                            asked[shard] = pool.submit(
                                read_page, self._export.call, int(shard), cursors[shard] or None, self._mails
                            )
                    # In the order in which they were asked for, whichever is there first: every run is the same.
                    shard, future = next(iter(asked.items()))
                    page = future.result()
                    del asked[shard]
                    self._take(page)
                    cursors[shard] = page.after
                    if page.after is None:
                        waiting.remove(shard)
                    yield
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def put_away(self) -> None:
        """Put what is in memory into the bucket, so that it can be left. Raises `Unavailable`."""
        if self.kept:
            name = f"run-{self._export.owner}-{len(self._checkpoint.runs)}"
            self._checkpoint.runs.append(runs.put_away(self._export, name, self.kept))

    def _take(self, page: Page) -> None:
        for one in page.read:
            self._count(one, page)

    def _count(self, one: Read, page: Page) -> None:
        tally = self._checkpoint.tally
        if one.state == "erased":
            tally.count_removed(one.id)
        # One that came in after the snapshot is the next export's.
        elif one.submitted_at <= self._export.snapshot_at and not self._expired(one):
            tally.count(
                one.id,
                one.state,
                one.expires_at,
                owed=one.owed,
                mails=one.mails,
                overdue=one.changed_at < self._overdue,
            )
            if self.kept.full:
                self.put_away()
            self.kept.add(one.key, page.lines[one.line])

    def _expired(self, one: Read) -> bool:
        return one.expires_at is not None and one.expires_at <= self._now
