"""What there is to count about a call. Values only.

Counted in one pass over outlines of the submissions; a snapshot of it is what pages show, with its time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from chalicelib.submissions.submission import STATES

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.calls.fields import Field
    from chalicelib.submissions.outline import Outline

_CHOSEN = frozenset({"choice", "choices"})
# Up to so many days from the report to the decision; what took longer is counted under 0.
WAITS = (1, 3, 7, 14, 30)
MORE = 0
_DAY = timedelta(days=1).total_seconds()


class Tally(Struct, frozen=True):
    """How many reports there are of something, and how many of them were accepted."""

    reports: int = 0
    accepted: int = 0


class LastExport(Struct, frozen=True):
    """The newest export: its state, how many submissions it holds by state, whether its balance added up."""

    export_id: str
    state: str
    snapshot_at: str
    counts: dict[str, int] = {}
    adds_up: bool = True


class Figures(Struct, frozen=True):
    """A call in figures at `at` (a UTC stamp). Days are those of the call's time zone, as `2026-05-04`.

    `fields` holds for each field with choices the tally of each choice; only reports that were confirmed count there
    and in `languages`. `waits` counts decisions by how many days they took at most (`WAITS`, `MORE`), `typical_wait` is
    the median in seconds. `waiting_since` is when the longest waiting report was confirmed. `mails_overdue` are those
    that are stuck (`ledger/overdue.py`).
    """

    at: str
    states: dict[str, int]
    days: dict[str, int]
    fields: dict[str, dict[str, Tally]]
    languages: dict[str, Tally]
    waits: dict[int, int]
    typical_wait: int | None
    waiting_since: str | None
    mails: dict[str, int] = {}
    mails_overdue: int = 0
    export: LastExport | None = None

    @property
    def total(self) -> int:
        """All submissions that exist."""
        return sum(self.states.values())

    @property
    def fresh_for(self) -> timedelta:
        """How long pages show it before it is counted anew: the dearer to count, the longer."""
        return timedelta(seconds=60 + self.total / 500)


def counted_fields(call: Call) -> list[Field]:
    """The fields that are counted: with choices, and not personal; what charts show first, in the call's order."""
    shown = [*call.landscape.charts, *([call.landscape.grid.field] if call.landscape.grid else [])]
    fields = [one for one in call.fields.values() if one.type in _CHOSEN and not one.personal]
    return sorted(fields, key=lambda one: one.id not in shown)


def count_figures(call: Call, outlines: Iterable[Outline], *, at: str, now: datetime) -> Figures:
    """Count. `at` is the stamp of `now`; what has expired by then is not there any more."""
    zone = ZoneInfo(call.time_zone)
    fields = counted_fields(call)
    states: Counter[str] = Counter(dict.fromkeys(STATES, 0))
    days: Counter[str] = Counter()
    chosen: dict[str, Counter[tuple[str, bool]]] = {one.id: Counter() for one in fields}
    languages: Counter[tuple[str, bool]] = Counter()
    spans: list[int] = []
    waiting_since: str | None = None
    for one in outlines:
        if one.expires_at is not None and one.expires_at <= now.timestamp():
            continue
        states[one.state] += 1
        submitted = datetime.fromisoformat(one.submitted_at)
        days[submitted.astimezone(zone).date().isoformat()] += 1
        if one.decided_at:
            spans.append(int((datetime.fromisoformat(one.decided_at) - submitted).total_seconds()))
        if one.state in {"received", "withdrawn"}:
            continue
        if one.state == "confirmed":
            since = one.confirmed_at or one.submitted_at  # nobody confirmed what was taken over from a list
            waiting_since = min(waiting_since or since, since)
        accepted = one.state == "accepted"
        languages[one.language, accepted] += 1
        answers = msgspec.json.decode(one.answers)
        for field in fields:
            given = answers.get(field.id, ())
            for choice in given if isinstance(given, list) else [given] if given else []:
                chosen[field.id][choice, accepted] += 1
    return Figures(
        at=at,
        states=dict(states),
        days=dict(sorted(days.items())),
        fields={one.id: _tallies(chosen[one.id], [choice.id for choice in one.choices]) for one in fields},
        languages=_tallies(languages, list(call.languages)),
        waits=_waits(spans),
        typical_wait=sorted(spans)[len(spans) // 2] if spans else None,
        waiting_since=waiting_since,
    )


def _tallies(counted: Counter[tuple[str, bool]], known: list[str]) -> dict[str, Tally]:
    """In the order of the form; what it does not offer any more comes last."""
    names = [*known, *sorted({name for name, _ in counted} - set(known))]
    return {
        name: Tally(reports=counted[name, True] + counted[name, False], accepted=counted[name, True]) for name in names
    }


def _waits(spans: list[int]) -> dict[int, int]:
    waits = dict.fromkeys((*WAITS, MORE), 0)
    for span in spans:
        waits[next((days for days in WAITS if span <= days * _DAY), MORE)] += 1
    return waits
