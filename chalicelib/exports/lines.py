"""Lines in memory, in one piece: what a builder gathers before it puts it away.

Tens of thousands of small texts, freed in another order than they came in and by other threads, leave memory full of
holes, and how full hangs on what else the machine does. One piece is as large as it is, and given back whole.

A line is `key`, a tab, the JSON, a newline: sorting by key sorts by time, and JSON holds no bare tab or newline.
"""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap

RUN = 16 * 1024 * 1024  # bytes of lines in memory
# DynamoDB's items end at 400 KB, so that what is one line over `RUN` fits in here.
_SPARE = 1024 * 1024
_UPKEEP = 100  # bytes for each line: where it begins, and its key while they are sorted


class Lines:
    """Lines as they come; `in_order` gives them by their keys."""

    def __init__(self) -> None:
        self._memory: mmap | None = None
        self._end = 0
        self._starts: list[int] = []

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def full(self) -> bool:
        """Whether they have to be put away before there is room for another."""
        return self._end + len(self._starts) * _UPKEEP >= RUN

    def add(self, key: bytes, line: bytes) -> None:
        """One more; not when it is full."""
        # Not a bytearray: of this the system gives what is written to, and no more.
        memory = self._memory = self._memory or mmap(-1, RUN + _SPARE)
        start, tab = self._end, self._end + len(key)
        self._end = tab + len(line) + 2
        memory[start : self._end] = b"%b\t%b\n" % (key, line)
        self._starts.append(start)

    def in_order(self) -> Iterator[bytes]:
        """All of them, sorted by key; as often as needed."""
        memory = self._memory
        if memory is not None:
            self._starts.sort(key=lambda start: memory[start : memory.find(b"\t", start)])
            for start in self._starts:
                yield memory[start : memory.find(b"\n", start) + 1]

    def clear(self) -> None:
        """Forget them all; their memory is the system's again."""
        if self._memory is not None:
            self._memory.close()
        self._memory, self._end, self._starts = None, 0, []


def key_of(line: bytes) -> str:
    """The key of a line."""
    return line[: line.index(b"\t")].decode()
