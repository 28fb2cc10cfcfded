"""The balance: what must add up, counted on two ways that know nothing of each other. Values only.

`received` is counted by the index, `stored` while the table is read for the files, `exported` in the finished file as
it is in the bucket. Where the three differ, something was lost on the way, and an alarm goes off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from chalicelib.exports.tally import FATES

if TYPE_CHECKING:
    from chalicelib.exports.export import Export
    from chalicelib.exports.tally import Tally

BALANCE_SCHEMA = "balance-1.json"


class Balance(Struct, frozen=True):
    """Numbers of submissions, and of mails by what became of them; `owed` is the sum of those."""

    received: int
    stored: int
    exported: int
    mails: dict[str, int]

    @property
    def differences(self) -> list[str]:
        """What does not add up, by name; empty when all does."""
        found = []
        if self.received != self.stored:
            found.append("received-stored")
        if self.stored != self.exported:
            found.append("stored-exported")
        if self.mails["owed"] != sum(self.mails[fate] for fate in FATES):
            found.append("mails")
        return found

    def document(self) -> dict[str, Any]:
        """As it stands in the manifest."""
        return {
            "received": self.received,
            "stored": self.stored,
            "exported": self.exported,
            "mails": self.mails,
            "differences": self.differences,
        }


def balance_of(tally: Tally, *, received: int, exported: int) -> Balance:
    """The balance of what was counted."""
    mails = {"owed": sum(tally.mails.values())} | {fate: tally.mails[fate] for fate in FATES}
    return Balance(received=received, stored=tally.stored, exported=exported, mails=mails)


def public_balance(export: Export, tally: Tally, balance: Balance, *, base: str, published: int) -> dict[str, Any]:
    """`balance.json`: what everybody may know. No references, no files, no single decision."""
    return {
        "$schema": f"{base}/schemas/{BALANCE_SCHEMA}",
        "call": export.call,
        "snapshot_at": export.snapshot_at,
        "received": balance.received,
        "stored": balance.stored,
        "exported": balance.exported,
        "confirmed": tally.stored - tally.counts["received"] - tally.counts["withdrawn"],
        "in_landscape": published,
        "mails": balance.mails,
        "adds_up": not balance.differences,
    }
