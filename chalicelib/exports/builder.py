"""Building an export: read all shards, write the big files in one pass, then the small ones, and show it last.

    gathering ─▶ sorted lines ─▶ writing ─▶ finishing ─▶ manifest ─▶ record ─▶ pointer

Memory does not grow with the call. A builder whose time runs out leaves a checkpoint, and the next one goes on from
there; the files are the same, byte by byte, however often that happened.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from chalicelib.errors import Unavailable
from chalicelib.exports import storage, table
from chalicelib.exports.checkpoint import Checkpoint
from chalicelib.exports.export import Progress
from chalicelib.exports.finishing import finish_files
from chalicelib.exports.gathering import Gathering
from chalicelib.exports.writing import Writing
from chalicelib.runtime.clock import stamp
from chalicelib.runtime.table import ConditionFailed

if TYPE_CHECKING:
    from chalicelib.calls.call import PublishedCall
    from chalicelib.exports.export import Export

Enough = Callable[[], bool]
_TELL = 5  # pages or batches between two reports of progress
# What was left is gone on with twice; if builders die of it, the third begins anew.
_TRIES_TO_GO_ON = 2


class TimeIsUp(Exception):
    """The builder left a checkpoint: another invocation goes on."""


def build(export: Export, published: PublishedCall, *, clock: Callable[[], datetime], enough: Enough) -> Export:
    """Write every file, then the manifest, the record, the pointer.

    `enough` says whether there is time for one more step. Raises `TimeIsUp`, `Unavailable`, `ConditionFailed` (somebody
    else builds it now, or it was cancelled).
    """
    summary = export.summary
    builder = _Builder(export, published, clock, enough)
    if summary is None:
        checkpoint = builder.write_submissions()
        summary = finish_files(export, published, checkpoint, clock=clock)
        # Before anybody can see the files: who goes on after a crash must not write visible ones anew.
        table.keep(export, summary)
    storage.point_to(export)
    if builder.left_work:
        storage.clear_work(export)
    return table.finish(export, summary, at=stamp(clock()))


class _Builder:
    def __init__(self, export: Export, published: PublishedCall, clock: Callable[[], datetime], enough: Enough) -> None:
        self._export = export
        self._published = published
        self._enough = enough
        self._clock = clock
        self._steps = 0
        # Whether something may have been put away: by this builder, or by one before it.
        self.left_work = export.attempts > 1 or bool(export.checkpoint)

    def write_submissions(self) -> Checkpoint:
        """The files that hold every submission; unless an earlier builder wrote them."""
        state = self._checkpoint = _found(self._export) or Checkpoint(read_at=stamp(self._clock()))
        if not state.done:
            gathering = self._gather(state)
            self._write(state, gathering)
            self._tell(gathering, at_once=True)
            if not self._enough():
                self._leave()
        return state

    def _gather(self, state: Checkpoint) -> Gathering:
        gathering = Gathering(self._export, self._published.call.policy, state)
        for _ in gathering.pages():
            self._tell(gathering)
            if not self._enough():
                gathering.put_away()
                self._leave()
        if state.runs:
            gathering.put_away()
            self.left_work = True
        return gathering

    def _write(self, state: Checkpoint, gathering: Gathering) -> None:
        writing = Writing(self._export, self._published, state, gathering.kept)
        try:
            for _ in writing.batches():
                self._tell(gathering)
                if not self._enough():
                    gathering.put_away()
                    writing.leave(f"{self._export.owner}-{state.written}")
                    self._leave()
            writing.close()
        except (Unavailable, ConditionFailed):
            # A checkpoint before this one may name what was sent; without one nobody will go on with it.
            if not self._export.checkpoint:
                writing.abort()
            raise

    def _tell(self, gathering: Gathering, *, at_once: bool = False) -> None:
        """Write down how far it is; that also notices a cancelled export, by `ConditionFailed`."""
        self._steps += 1
        if at_once or (self._steps - 1) % _TELL == 0:
            shards = len(self._checkpoint.cursors)
            read = self._checkpoint.tally.stored
            table.report(
                self._export,
                Progress(self._checkpoint.written, gathering.shards_done, shards, read=read),
            )

    def _leave(self) -> None:
        # A name of its own: what is half written when a process dies must not be what the record names.
        name = f"checkpoint-{self._export.owner}"
        storage.put_work(self._export, name, msgspec.json.encode(self._checkpoint))
        table.pause(self._export, name)
        raise TimeIsUp


def _found(export: Export) -> Checkpoint | None:
    if not export.checkpoint or export.attempts > _TRIES_TO_GO_ON:
        return None
    return msgspec.json.decode(storage.get_work(export, export.checkpoint), type=Checkpoint)
