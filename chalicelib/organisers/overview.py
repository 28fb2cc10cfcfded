"""What the dashboard and the overview of a call say, as documents. Values only."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from chalicelib.access.roles import Role
from chalicelib.ledger.entry import TROUBLE

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.figures.figures import Figures


class ExportFigures(TypedDict):
    """The newest export, as it was when this was counted. `adds_up`: what was received is stored and in its files."""

    export_id: str
    state: str
    snapshot_at: str
    exported: int
    adds_up: bool


class OverviewDocument(TypedDict):
    """A call in figures at `as_of` (UTC; `null` while nobody has counted yet).

    `waiting` reports wait for a decision, the longest of them since `waiting_since`; `mails_overdue` have been due
    for an hour, and nobody is at work on them. `came_since` is how many more there are than in the newest export.
    """

    call: str
    title: dict[str, str]
    role: Role | None
    phase: str
    as_of: str | None
    counts: dict[str, int]
    total: int
    waiting: int
    waiting_since: str | None
    mails: dict[str, int]
    mails_in_trouble: int
    mails_overdue: int
    last_export: ExportFigures | None
    came_since: int


def overview_document(call: Call, figures: Figures | None, role: Role | None, now: datetime) -> OverviewDocument:
    """The document; zeros where nobody has counted yet."""
    counts = figures.states if figures else {}
    mails = figures.mails if figures else {}
    export = figures.export if figures else None
    exported = sum(export.counts.values()) if export else 0
    total = figures.total if figures else 0
    return {
        "call": call.call,
        "title": call.title,
        "role": role,
        "phase": call.phase(now),
        "as_of": figures.at if figures else None,
        "counts": counts,
        "total": total,
        "waiting": counts.get("confirmed", 0),
        "waiting_since": figures.waiting_since if figures else None,
        "mails": mails,
        "mails_in_trouble": sum(mails.get(state, 0) for state in TROUBLE),
        "mails_overdue": figures.mails_overdue if figures else 0,
        "last_export": {
            "export_id": export.export_id,
            "state": export.state,
            "snapshot_at": export.snapshot_at,
            "exported": exported,
            "adds_up": export.adds_up,
        }
        if export
        else None,
        "came_since": max(0, total - exported) if export and export.state == "ready" else 0,
    }
