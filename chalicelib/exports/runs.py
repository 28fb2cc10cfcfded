"""Sorting what does not fit into memory: lines are put away as sorted runs, and merged when all are read.

The shards are read in the order of ids, which is chance; the files are in the order of time. So lines are gathered
until memory is full (`lines`), sorted, compressed in blocks and put into the bucket; merging holds a block of each.
A call that fits into one run never touches the bucket. A block is its length, in four bytes, and that many bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge

from isal import isal_zlib

from chalicelib.exports import storage
from chalicelib.exports.checkpoint import Run
from chalicelib.exports.export import Export
from chalicelib.exports.lines import Lines, key_of

BLOCK = 16 * 1024  # bytes of lines that are compressed together
AHEAD = 4 * 1024 * 1024  # bytes, compressed, that all runs together may hold while they are merged
_HEAD = 4  # bytes before a block


def put_away(export: Export, name: str, lines: Lines) -> Run:
    """Put `lines`, sorted, into the bucket under `name`, and forget them. Raises `Unavailable`."""
    content = bytearray()
    for block in _blocks(lines.in_order()):
        packed = isal_zlib.compress(block, 1)
        content += len(packed).to_bytes(_HEAD, "big") + packed
    lines.clear()
    storage.put_work(export, name, content)
    return Run(key=name, size=len(content))


def _blocks(lines: Iterable[bytes]) -> Iterator[bytes]:
    block: list[bytes] = []
    size = 0
    for line in lines:
        block.append(line)
        size += len(line)
        if size >= BLOCK:
            yield b"".join(block)
            block, size = [], 0
    if block:
        yield b"".join(block)


def merged(export: Export, runs: list[Run], kept: Lines, after: str | None) -> Iterator[bytes]:
    """All lines of `runs` and of `kept` in order, from behind the key `after`. Notes in `runs` how far it is."""
    ahead = max(1, AHEAD // max(1, len(runs)))
    streams = [_lines(export, run, ahead) for run in runs]
    if kept:
        streams.append(kept.in_order())
    if after is not None:
        streams = [_behind(after, lines) for lines in streams]
    return merge(*streams) if len(streams) > 1 else iter(streams[0] if streams else ())


def _behind(after: str, lines: Iterator[bytes]) -> Iterator[bytes]:
    return (line for line in lines if key_of(line) > after)


def _lines(export: Export, run: Run, ahead: int) -> Iterator[bytes]:
    """The lines of a run; blocks are fetched several at a time, up to `ahead` bytes.

    `run.at` follows: the block whose lines are not all taken yet, to go on with.
    """
    fetched, begin = b"", 0
    while run.at < run.size:
        there = len(fetched) - begin
        end = begin + _HEAD
        size = _HEAD + int.from_bytes(fetched[begin:end], "big") if there >= _HEAD else _HEAD
        if there < size:
            until = min(run.size, run.at + max(size, ahead))
            fetched, begin = fetched[begin:] + storage.get_work(export, run.key, run.at + there, until), 0
            continue
        yield from _split(isal_zlib.decompress(fetched[end : begin + size]))
        begin, run.at = begin + size, run.at + size


def _split(block: bytes) -> Iterator[bytes]:
    """The lines of a block, one at a time: a list of them would be a second block for each run."""
    start = 0
    while start < len(block):
        end = block.index(b"\n", start) + 1
        yield block[start:end]
        start = end
