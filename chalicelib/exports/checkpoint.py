"""Where a builder was when its time ran out: all that the next one needs to go on. Values only."""

from __future__ import annotations

from msgspec import Struct, field

from chalicelib.exports.export import ExportFile
from chalicelib.exports.tally import Tally


class Run(Struct):
    """Lines in order, put away in the bucket in blocks: under which key, how many bytes, at which to go on."""

    key: str
    size: int
    at: int = 0


class Unfinished(Struct):
    """A file that is being written: what S3 has of it, and under which key the bytes are that it does not have yet."""

    name: str
    upload_id: str
    etags: list[str]
    size: int
    rest: str


class Checkpoint(Struct):
    """How far a builder was. `read_at` is when the first one began (UTC stamp): what has expired by then is left out.

    `cursors`: by shard (its number as text), after which id to go on; `None` when the shard is read. `last` is the key
    of the last line that was written, `None` before the first.
    """

    read_at: str
    cursors: dict[str, str | None] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    last: str | None = None
    written: int = 0
    files: list[Unfinished] = field(default_factory=list)
    done: list[ExportFile] = field(default_factory=list)
