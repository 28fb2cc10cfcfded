"""Logs: one JSON object a line, and only what is on the list.

Personal data cannot get in by accident: a field that is not named here is dropped, and the line says so (the tests look
for such lines).
"""

import sys
from typing import Final

import msgspec

from chalicelib.runtime.clock import now, stamp

ALLOWED: Final = frozenset({
    "attempt", "call", "calls", "cause", "code", "count", "detail", "export", "function", "jobs", "kind", "language",
    "message_id", "method", "reference", "replayed", "request", "route", "state", "status", "version",
})  # fmt: skip


def log(event: str, **fields: str | int | bool | None) -> None:
    """Write one line: `event` is a fixed name, `fields` come from `ALLOWED` and hold ids, codes and counts only."""
    line: dict[str, object] = {"at": stamp(now()), "event": event, **fields}
    if not ALLOWED.issuperset(fields):
        unknown = sorted(fields.keys() - ALLOWED)
        line = {name: value for name, value in line.items() if name not in unknown} | {"dropped": unknown}
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")


def log_fault(event: str, error: BaseException, **fields: str | int | bool | None) -> None:
    """Log where an unexpected error came from: its class and the lines of our code, never its text."""
    # Imported here: only ever needed when something is broken.
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    ours = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames][-6:]
    log(event, cause=type(error).__name__, detail=" > ".join(ours), **fields)
