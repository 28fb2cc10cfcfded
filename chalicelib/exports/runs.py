"""Sorting what does not fit into memory: lines are put away as sorted runs, and merged when all are read.

The shards are read in the order of ids, which is chance; the files are in the order of time. So lines are gathered
until they fill `RUN` bytes, sorted, compressed in blocks and put into the bucket; merging holds some blocks of each.
A call that fits into one run never touches the bucket. A line here is `key`, a tab, the JSON, a newline: sorting the
bytes sorts by key, and JSON holds no bare tab or newline.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge

from isal import isal_zlib

from chalicelib.exports import storage
from chalicelib.exports.checkpoint import Run
from chalicelib.exports.export import Export

RUN = 16 * 1024 * 1024  # bytes of lines in memory
BLOCK = 48 * 1024  # bytes of lines that are compressed together
AHEAD = 4 * 1024 * 1024  # bytes, compressed, that all runs together may hold while they are merged


def put_away(export: Export, name: str, lines: list[bytes]) -> Run:
    """Sort `lines` in place and put them into the bucket under `name`. Raises `Unavailable`."""
    lines.sort()
    run = Run(key=name, firsts=[], ends=[])
    content, size = bytearray(), 0
    block: list[bytes] = []
    for line in lines:
        if not block:
            run.firsts.append(_key(line))
        block.append(line)
        size += len(line)
        if size >= BLOCK:
            content += isal_zlib.compress(b"".join(block), 1)
            run.ends.append(len(content))
            block, size = [], 0
    if block:
        content += isal_zlib.compress(b"".join(block), 1)
        run.ends.append(len(content))
    storage.put_work(export, name, bytes(content))
    return run


def merged(export: Export, runs: list[Run], kept: list[bytes], after: str | None) -> Iterator[bytes]:
    """All lines of `runs` and of `kept` (sorted, in memory) in order, from behind the key `after`."""
    ahead = max(1, AHEAD // max(1, len(runs)))
    streams: list[Iterator[bytes]] = [_lines(export, run, after, ahead) for run in runs]
    if kept:
        streams.append(iter(kept) if after is None else (line for line in kept if _key(line) > after))
    return merge(*streams) if len(streams) > 1 else iter(streams[0] if streams else ())


def _lines(export: Export, run: Run, after: str | None, ahead: int) -> Iterator[bytes]:
    """The lines of a run; blocks are fetched several at a time, up to `ahead` bytes."""
    first = 0
    if after is not None:
        first = max(0, sum(key <= after for key in run.firsts) - 1)
    while first < len(run.ends):
        start = run.ends[first - 1] if first else 0
        last = first
        while last + 1 < len(run.ends) and run.ends[last + 1] - start <= ahead:
            last += 1
        fetched = storage.get_work(export, run.key, start, run.ends[last])
        for number in range(first, last + 1):
            begin = (run.ends[number - 1] if number else 0) - start
            block = isal_zlib.decompress(fetched[begin : run.ends[number] - start])
            for line in _split(block):
                if after is None or _key(line) > after:
                    yield line
        first = last + 1


def _split(block: bytes) -> Iterator[bytes]:
    """The lines of a block, one at a time: a list of them would be a second block for each run."""
    start = 0
    while start < len(block):
        end = block.index(b"\n", start) + 1
        yield block[start:end]
        start = end


def _key(line: bytes) -> str:
    return line[: line.index(b"\t")].decode()
