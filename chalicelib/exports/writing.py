"""The second half of an export: the lines, in the order of time, into all files that hold every submission."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from chalicelib.exports import runs
from chalicelib.exports.csv_files import CsvFile
from chalicelib.exports.documents import read_line, submissions_head
from chalicelib.exports.json_files import JsonFile, NdjsonFile
from chalicelib.exports.lines import Lines, key_of
from chalicelib.exports.uploads import Upload
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from chalicelib.calls.call import PublishedCall
    from chalicelib.exports.checkpoint import Checkpoint
    from chalicelib.exports.export import Export

BATCH = 250  # submissions that are written together


class Writing:
    """One pass over the lines feeds all files. What it knows is in the checkpoint once `leave` was called."""

    def __init__(self, export: Export, published: PublishedCall, checkpoint: Checkpoint, kept: Lines) -> None:
        self._export = export
        self._checkpoint = checkpoint
        self._kept = kept
        self._json = JsonFile(submissions_head(export, published, settings().public_url))
        self._ndjson = NdjsonFile()
        self._tables = [CsvFile(published.call, excel=False), CsvFile(published.call, excel=True)]
        left = {one.name: one for one in checkpoint.files}
        files: list[JsonFile | NdjsonFile | CsvFile] = [self._json, self._ndjson, *self._tables]
        self._uploads = {one.name: Upload(export, one.name, one.content_type, left.get(one.name)) for one in files}
        if not left:
            self._uploads[self._json.name].write(self._json.head())
            for table in self._tables:
                self._uploads[table.name].write(table.head())

    def batches(self) -> Iterator[None]:
        """Write on, a batch each step; may be left after any. Raises `Unavailable`."""
        state = self._checkpoint
        lines = runs.merged(self._export, state.runs, self._kept, state.last)
        while batch := list(islice(lines, BATCH)):
            self._write([line[line.index(b"\t") + 1 : -1] for line in batch])
            state.last = key_of(batch[-1])
            state.written += len(batch)
            yield

    def leave(self, mark: str) -> None:
        """Put into the checkpoint what the next builder needs to go on. Raises `Unavailable`."""
        self._checkpoint.files = [upload.leave(mark) for upload in self._uploads.values()]

    def close(self) -> None:
        """All lines are written. Raises `Unavailable`."""
        if not self._checkpoint.written:
            self._uploads[self._ndjson.name].write(self._ndjson.rows([]))
        self._uploads[self._json.name].write(self._json.tail())
        self._checkpoint.done += [upload.close() for upload in self._uploads.values()]
        self._checkpoint.files, self._checkpoint.runs = [], []

    def abort(self) -> None:
        """Take back what was sent. Raises `Unavailable`."""
        for upload in self._uploads.values():
            upload.abort()

    def _write(self, lines: list[bytes]) -> None:
        self._uploads[self._json.name].write(self._json.rows(lines, first=self._checkpoint.written == 0))
        self._uploads[self._ndjson.name].write(self._ndjson.rows(lines))
        records = [read_line(line) for line in lines]
        for table in self._tables:
            self._uploads[table.name].write(table.rows(records))
