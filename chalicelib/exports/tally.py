"""Counting while an export is read: states, mails, what was removed. Values only; the balance is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from chalicelib.submissions.reference import show
from chalicelib.submissions.submission import STATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.exports.documents import MailLine

Fate = Literal["sent", "failed", "suppressed", "waiting"]
FATES: tuple[Fate, ...] = ("sent", "failed", "suppressed", "waiting")
_MOST_OVERDUE = 1000  # jobs put back in one night; the next night sees the others

# What became of a mail, by its state in the ledger. What is not named here is still on its way.
_FATES: dict[str, Fate] = {
    "sent": "sent",
    "delivered": "sent",
    "bounced": "sent",
    "complained": "sent",
    "failed": "failed",
    "suppressed": "suppressed",
}


class Overdue(Struct, frozen=True):
    """A mail that is owed for long and that nobody has tried: its message was lost, and reconcile looks no more."""

    submission: str
    kind: str


class Tally(Struct):
    """What was counted. `removed` and `withdrawn` are references; `first_expiry` is epoch seconds."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATES, 0))
    mails: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FATES, 0))
    removed: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    overdue: list[Overdue] = field(default_factory=list)
    first_expiry: int | None = None

    @property
    def stored(self) -> int:
        """How many submissions the table has."""
        return sum(self.counts.values())

    def count_removed(self, submission_id: str) -> None:
        """One that was erased: only its place is left."""
        self.removed.append(show(submission_id))

    def count(
        self,
        submission_id: str,
        state: str,
        expires_at: int | None,
        *,
        owed: Sequence[str],
        mails: Sequence[MailLine],
        overdue: bool,
    ) -> None:
        """One that exists; `mails` are those the ledger knows. `overdue`: it is owed for long what nobody has tried."""
        self.counts[state] += 1
        if state == "withdrawn":
            self.withdrawn.append(show(submission_id))
        if expires_at is not None and (self.first_expiry is None or expires_at < self.first_expiry):
            self.first_expiry = expires_at
        for one in mails:
            self.mails[_FATES.get(one.state, "waiting")] += 1
        known = {one.kind for one in mails}
        untried = [kind for kind in owed if kind not in known]
        self.mails["waiting"] += len(untried)
        if overdue and len(self.overdue) < _MOST_OVERDUE:
            self.overdue += [Overdue(submission_id, kind) for kind in untried]
