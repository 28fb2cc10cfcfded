"""An entry of the ledger: one mail that is owed to one submission, and what became of it. Values only.

`owed` (released after a refusal, waiting) → `claimed` (a worker holds the lease) → `sent`, or `failed` after
`MOST_ATTEMPTS`. No entry at all means: owed and nobody has tried yet.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["confirm", "links"]
MailState = Literal["owed", "claimed", "sent", "failed"]
MAIL_STATES: tuple[MailState, ...] = ("owed", "claimed", "sent", "failed")
MOST_ATTEMPTS = 10


class Entry(Struct, frozen=True):
    """One mail. Times are UTC stamps; `lease_until` is epoch seconds, `cause` a code of SES or ours, `address` the
    digest of where it goes. `kind` is unique for a submission: mails that may go out again carry their hour
    (`links-2026050412`).
    """

    submission_id: str
    kind: str
    call: str
    state: MailState
    attempts: int
    changed_at: str
    lease_until: int = 0
    owner: str = ""
    message_id: str = ""
    sent_at: str | None = None
    cause: str = ""
    address: str = ""


def links_kind(hour: str) -> str:
    """The kind of the mail with somebody's links that is sent at most once in an hour (`2026050412`, UTC)."""
    return f"links-{hour}"


def settled(entry: Entry | None) -> bool:
    """Whether nothing more will be done for this mail."""
    return entry is not None and entry.state in {"sent", "failed"}


def waiting(entry: Entry | None, now: float) -> bool:
    """Whether this mail is owed and nobody is at work on it: what reconcile puts back. `now` is epoch seconds."""
    if entry is None:
        return True
    return not settled(entry) and entry.lease_until <= now
