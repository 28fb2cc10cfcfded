"""Looking at figures: what is there is shown at once, and what is old is counted anew for whoever looks next.

So a page costs the same for ten reports and for a hundred thousand, and nobody counts what nobody looks at.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.figures import table
from chalicelib.jobs.messages import FiguresJob
from chalicelib.jobs.queues import send_figures_job
from chalicelib.runtime.clock import moment, stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.figures.figures import Figures

MOST_ASKED = 3  # calls that are counted anew because of one look
PATIENCE = timedelta(minutes=1)  # until a lost job is asked for again


def look_at(calls: Sequence[str], now: datetime) -> dict[str, Figures]:
    """The figures of each call that was ever counted. Raises `Unavailable`."""
    known = table.find_many(calls) if calls else {}
    old = [name for name in calls if name not in known or now - moment(known[name].at) >= known[name].fresh_for]
    # What is missing first, then what is oldest.
    for name in sorted(old, key=lambda one: known[one].at if one in known else "")[:MOST_ASKED]:
        if table.note_asked(name, at=stamp(now), unless_since=stamp(now - PATIENCE)):
            send_figures_job(FiguresJob(call=name, figures_at=stamp(now)))
    return known
