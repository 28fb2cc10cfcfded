"""The breaker: when too many mails come back or are complained about, sending stops. Values only.

SES looks at an account with 5 % bounces or 0.1 % complaints, and may pause it at 10 % and 0.5 % (SES developer guide,
"Reputation metrics"). We stop before it looks, until somebody has found out why.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

MOST_BOUNCES = 0.04
MOST_COMPLAINTS = 0.0008
# Rates of a few mails say nothing: fewer count as this many. So it takes five bounces, or two complaints.
LEAST_FOR_BOUNCES = 100
LEAST_FOR_COMPLAINTS = 1250
HOURS = 24
_KEPT = timedelta(days=3)


class Counts(Struct, frozen=True):
    """Mails that SES took within the window, and those of them that came back for good or were complained about."""

    sent: int = 0
    bounced: int = 0
    complained: int = 0

    @property
    def bounce_rate(self) -> float:
        """Share of mails that came back, as the breaker sees it."""
        return self.bounced / max(self.sent, LEAST_FOR_BOUNCES)

    @property
    def complaint_rate(self) -> float:
        """Share of mails that were complained about, as the breaker sees it."""
        return self.complained / max(self.sent, LEAST_FOR_COMPLAINTS)


class Switch(Struct, frozen=True):
    """How the switch stands. `generation` counts how often sending was resumed: each begins to count from nought."""

    generation: int = 0
    stopped_at: str | None = None
    cause: str = ""

    @property
    def stopped(self) -> bool:
        """Whether mails have to wait."""
        return self.stopped_at is not None


def too_many(counts: Counts) -> Literal["bounces", "complaints"] | None:
    """Of what there is too much, if so."""
    if counts.complaint_rate > MOST_COMPLAINTS:
        return "complaints"
    return "bounces" if counts.bounce_rate > MOST_BOUNCES else None


def counter(switch: Switch, now: datetime) -> str:
    """The name of the counter of this hour."""
    return f"events#{switch.generation}#{now:%Y%m%d%H}"


def window(switch: Switch, now: datetime) -> list[str]:
    """The names of the counters of the last 24 hours."""
    return [counter(switch, now - timedelta(hours=hours)) for hours in range(HOURS)]


def kept_until(now: datetime) -> int:
    """When a counter that is written now may go, in epoch seconds."""
    return int((now + _KEPT).timestamp())
