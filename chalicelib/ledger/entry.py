"""An entry of the ledger: one mail that is owed to one submission, and what became of it. Values only.

`owed` (nobody is at it, perhaps not before a certain time) → `claimed` (a worker holds the lease) → `sent` →
`delivered` | `bounced` | `complained`. Aside: `held` (waits for an organiser), `suppressed` (the address takes no mail
from us) and `failed` (after `MOST_ATTEMPTS`, or SES could not make a mail of it). No entry at all means: owed, and
nobody has tried yet.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from chalicelib.errors import N_

MailState = Literal[
    "owed", "held", "claimed", "sent", "delivered", "bounced", "complained", "failed", "suppressed"
]  # fmt: skip
MAIL_STATES: tuple[MailState, ...] = (
    "owed", "held", "claimed", "sent", "delivered", "bounced", "complained", "failed", "suppressed",
)  # fmt: skip
WORDS: Final[dict[str, str]] = {
    "owed": N_("waiting to be sent"),
    "held": N_("held back until the organisers have looked at it"),
    "claimed": N_("being sent"),
    "sent": N_("sent"),
    "delivered": N_("delivered"),
    "bounced": N_("came back: the mailbox could not be reached"),
    "complained": N_("reported as unwanted by whoever received it"),
    "failed": N_("could not be sent"),
    "suppressed": N_("not sent: this address takes no e-mails from us"),
}
"""What submitters and organisers read, as message ids."""

OPEN: frozenset[MailState] = frozenset({"owed", "claimed"})
"""What a worker may claim."""
RESENDABLE: frozenset[MailState] = frozenset({"held", "failed", "bounced"})
"""What an organiser may have sent (again). Nothing that may have arrived, and no address that wants no mail."""
TROUBLE: frozenset[MailState] = frozenset({"bounced", "complained", "failed", "suppressed", "held"})
"""What an organiser should look at: it has not reached anybody, and will not by itself."""

MOST_ATTEMPTS = 10
LONGEST_WAIT = 900  # seconds; SQS delays a message no longer
Events = dict[str, tuple[str, str]]
"""What SES told about a mail: by kind of event its earliest time (a stamp) and its cause."""


class Entry(Struct, frozen=True):
    """One mail. Times are UTC stamps; `cause` is a code of SES or ours, `address` the digest of where it goes.

    `kind` is unique for a submission: mails that may go out again carry their hour (`links-2026050412`).
    Nobody may claim it before `lease_until` (epoch seconds): the end of a claim, or of a pause after an attempt.
    `waits` counts how often SES asked to slow down. An organiser who has it sent (again) begins another `round`, and
    `allowed` says that no cap applies any more; `events` are those of this round.
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
    waits: int = 0
    round: int = 1
    allowed: bool = False
    events: Events = {}


def settled(entry: Entry | None) -> bool:
    """Whether nothing more will be done for this mail by itself."""
    return entry is not None and entry.state not in OPEN


def waiting(entry: Entry | None, now: float) -> bool:
    """Whether this mail is owed and nobody is at work on it: what reconcile puts back. `now` is epoch seconds."""
    if entry is None:
        return True
    return not settled(entry) and entry.lease_until <= now


def pause_after(attempts: int, first: int) -> int:
    """Seconds until the next attempt: `first`, then twice as long each time.

    With 30 seconds the last of `MOST_ATTEMPTS` comes after four and a quarter hours.
    """
    return first << max(0, attempts - 1)


def pause_when_throttled(waits: int) -> int:
    """Seconds until SES is asked again when it asked to slow down for the `waits`-th time: 2, 4, … 900."""
    return min(LONGEST_WAIT, 1 << min(waits, 10))
