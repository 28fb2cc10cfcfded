"""Mails that are stuck: due for an hour, and nobody is at work on them, though reconcile puts them back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from chalicelib.ledger import table
from chalicelib.ledger.entry import OPEN, waiting
from chalicelib.runtime.clock import stamp

PATIENCE: Final = timedelta(hours=1)
MOST: Final = 50
"""That are looked at in each state, those that changed longest ago first."""


def count_overdue(call: str, now: datetime) -> int:
    """How many mails of a call are stuck, as far as one looks. Raises `Unavailable`."""
    then = now - PATIENCE
    listed = [one for state in sorted(OPEN) for one in table.listed(call, state, most=MOST, oldest_first=True)]
    keys = [(submission, kind) for submission, kind, changed_at in listed if changed_at < stamp(then)]
    known = table.entries(keys) if keys else {}
    return sum(waiting(entry, then.timestamp()) for entry in known.values())
