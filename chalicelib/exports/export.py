"""An export: one built set of files. Values only."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

ExportState = Literal["queued", "building", "ready", "failed", "cancelled"]
ENDED: frozenset[str] = frozenset({"ready", "failed", "cancelled"})
MOST_ATTEMPTS = 5
# Raised by a release that changes what the files hold: an export of an older format is not true any more, and the next
# night builds it anew (decision 37).
FORMAT = 1


class ExportFile(Struct, frozen=True):
    """One file: its name, its size in bytes, its SHA-256 in hex."""

    name: str
    size: int
    sha256: str


class Progress(Struct, frozen=True):
    """How far the builder is: submissions read and written, shards done of all shards."""

    written: int = 0
    shards_done: int = 0
    shards: int = 0
    read: int = 0


class Summary(Struct, frozen=True):
    """What a finished export holds: submissions by state, mails by what became of them, files; when the first
    unconfirmed submission in it expires (epoch seconds), from when on it is no longer true; what did not add up.
    """

    counts: dict[str, int]
    mails: dict[str, int]
    files: tuple[ExportFile, ...]
    first_expiry: int | None = None
    received: int = 0
    exported: int = 0
    differences: tuple[str, ...] = ()


class Export(Struct, frozen=True):
    """One export as recorded. Times are UTC stamps; `lease_until` is epoch seconds.

    Every submission that came in up to `snapshot_at` is in it; a change to one of them while it was written may be.
    `checkpoint` names what a builder left whose time ran out. `unchanged_at`: when a nightly run last found that
    nothing had changed since. `deleted_at`: when its files were deleted, because they held what was erased meanwhile.
    `pushed_at`: when the city's own bucket had its copy; until then `push_fails_since` and `push_cause` say since when
    that goes wrong, and why (`copies.CAUSES`). `format`: the `FORMAT` it was asked for in.
    """

    call: str
    export_id: str
    state: ExportState
    snapshot_at: str
    requested_by: str
    form_version: int
    attempts: int = 0
    lease_until: int = 0
    owner: str = ""
    progress: Progress = Progress()
    summary: Summary | None = None
    finished_at: str | None = None
    cause: str = ""
    checkpoint: str = ""
    unchanged_at: str | None = None
    deleted_at: str | None = None
    pushed_at: str | None = None
    push_fails_since: str | None = None
    push_cause: str = ""
    format: int = 1

    @property
    def available(self) -> bool:
        """Whether its files are there."""
        return self.state == "ready" and self.deleted_at is None

    @property
    def prefix(self) -> str:
        """Where its files are in the bucket."""
        return f"exports/{self.call}/{self.export_id}/"

    def still_true(self, *, last_change: str, form_version: int, now: datetime) -> bool:
        """Whether building it anew would give the same: nothing changed or expired, same questions, same format."""
        if not self.available or self.summary is None or self.form_version != form_version:
            return False
        if self.format != FORMAT:
            return False
        expiry = self.summary.first_expiry
        return last_change <= self.snapshot_at and (expiry is None or now.timestamp() < expiry)


def export_name(moment: datetime, suffix: str) -> str:
    """An id that sorts by time: `20261123T010000Z-nightly`."""
    return f"{moment:%Y%m%dT%H%M%SZ}-{suffix}"
