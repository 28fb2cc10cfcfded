"""What was decided a moment ago, carried in the address of the page that comes after it.

The index that lists submissions follows a write some moments later, so what was just decided is read from the table
itself, and shown as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from msgspec import Struct

from chalicelib.organisers.deciding import MOST_AT_ONCE
from chalicelib.submissions import table
from chalicelib.submissions.decisions import DECISIONS
from chalicelib.submissions.reference import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.calls.call import Call
    from chalicelib.organisers.deciding import Outcome
    from chalicelib.submissions.submission import Submission


class JustDecided(Struct, frozen=True):
    """The decision, its batch, how many it left as they were, and the submissions as they are now."""

    decision: str
    batch: str
    submissions: tuple[Submission, ...]
    left: int = 0

    @property
    def undoable(self) -> tuple[Submission, ...]:
        """Those whose last step it is."""
        return tuple(one for one in self.submissions if one.undo is not None and one.undo.batch == self.batch)


def write_just_decided(decision: str, batch: str, outcomes: list[Outcome]) -> str:
    """The part of a query that tells of it: ids only."""
    done = [one.id for one in outcomes if one.code in {"done", "unchanged"}]
    left = len(outcomes) - len(done)
    told = {"decided": decision, "batch": batch, "ids": ".".join(done)} | ({"left": str(left)} if left else {})
    return urlencode(told)


def read_just_decided(call: Call, query: Mapping[str, str]) -> JustDecided | None:
    """What an address tells, with the submissions as the table has them (one consistent request); or `None`."""
    decision = query.get("decided", "")
    if decision not in {*DECISIONS, "undo"}:
        return None
    ids = [one for text in query.get("ids", "").split(".")[:MOST_AT_ONCE] if (one := read(text)) is not None]
    found = table.find_many(call.call, ids, call.policy.shards)
    left = query.get("left", "")
    return JustDecided(
        decision=decision,
        batch=query.get("batch", ""),
        submissions=tuple(one for one in found if one.state != "erased"),
        left=int(left) if left.isascii() and left.isdigit() and len(left) < 4 else 0,  # noqa: PLR2004 - a sane number
    )


def as_decided(listed: list[Submission], decided: JustDecided | None, states: tuple[str, ...]) -> list[Submission]:
    """The list as it is after the decision, though the index may not know of it yet."""
    now = {one.id: one for one in decided.submissions} if decided else {}
    fresh = [now.get(one.id, one) for one in listed]
    return [one for one in fresh if one.state in states]
