"""Caps: how many mails strangers can make us send, to one address and in all, within a day (UTC).

They hold for mails that anybody can cause who knows an address: to confirm, and with links. What follows from the
confirmation reaches somebody who asked for it. Beyond a cap the submission is kept and flagged, its mail is held, and
an organiser may have it sent; whoever posted sees no difference.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from chalicelib.ledger.kinds import family_of
from chalicelib.mail import table

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.ledger.entry import Entry

CAPPED = frozenset({"confirm", "links"})
_KEPT = timedelta(days=3)


def held_by(call: Call, entry: Entry, at: datetime) -> Literal["address-cap", "day-cap"] | None:
    """Which cap a claimed mail goes beyond, if any; else it is counted, once however often it is tried."""
    if entry.allowed or family_of(entry.kind) not in CAPPED:
        return None
    day, until = f"{at:%Y%m%d}", int((at + _KEPT).timestamp())
    passed = table.let_pass(
        f"address#{call.call}#{day}#{entry.address}",
        f"{entry.submission_id}#{entry.kind}",
        most=call.policy.mails_per_address,
        expires_at=until,
    )
    if passed is None:
        return "address-cap"
    if passed == "first" and not table.count_up(
        f"call#{call.call}#{day}", most=call.policy.mails_per_day, expires_at=until
    ):
        return "day-cap"
    return None
