"""`submissions.json` and `submissions.ndjson.gz`: every line as it was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from isal import igzip_lib, isal_zlib

_GZIP = 31  # window bits: 15, and a gzip header (zlib manual, inflateInit2)


class JsonFile:
    """One document, a submission a line."""

    name = "submissions.json"
    content_type = "application/json"

    def __init__(self, head: dict[str, Any]) -> None:
        self._head = head

    def head(self) -> bytes:
        """All that comes before the first submission."""
        return msgspec.json.encode(self._head)[:-1] + b',"submissions":['

    def rows(self, lines: list[bytes], *, first: bool) -> bytes:
        """Some submissions; `first` says whether any came before."""
        return (b"\n" if first else b",\n") + b",\n".join(lines) if lines else b""

    def tail(self) -> bytes:
        """The end."""
        return b"\n]}\n"


class NdjsonFile:
    """A submission a line, compressed: one member of the gzip file for each batch, so that it can be gone on with."""

    name = "submissions.ndjson.gz"
    content_type = "application/gzip"

    def rows(self, lines: list[bytes]) -> bytes:
        """Some submissions, at least one of them or the file would not be one."""
        return gzipped(b"\n".join(lines) + b"\n" if lines else b"")


def gzipped(content: bytes) -> bytes:
    """A gzip member (RFC 1952) without a name or a time: the same content, the same bytes.

    ISA-L's level 1 is some five times as fast as zlib's and writes a few per cent more.
    """
    return igzip_lib.compress(
        content, level=1, flag=igzip_lib.COMP_GZIP, mem_level=igzip_lib.MEM_LEVEL_DEFAULT, hist_bits=15
    )


def lines_in(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a gzip file of any number of members, read as it comes."""
    member, begun = isal_zlib.decompressobj(_GZIP), b""
    for chunk in chunks:
        left = chunk
        while left:
            if member.eof:
                member = isal_zlib.decompressobj(_GZIP)
            *whole, begun = (begun + member.decompress(left)).split(b"\n")
            yield from whole
            left = member.unused_data
