"""Looking into a call's log: filters, pages that end, and a cursor that stays right while new lines come in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from chalicelib.runtime.clock import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.calls.call import Call

PAGE = 50  # lines shown
LOOKED_AT = 500  # lines read at once
MOST_READS = 4  # for one page, however rare what is looked for
_CURSOR = re.compile(r"[0-9T:.Z-]{24}#[0-9a-f]{1,16}")

Line = tuple[str, str, str, str | None]
Read = Callable[[str | None], list[Line]]
"""Lines before a value of `at`, newest first, `LOOKED_AT` at most."""


class Filters(Struct, frozen=True):
    """What is looked for. `who` is part of a name; days are those of the call's time zone, both included."""

    who: str = ""
    event: str = ""
    from_day: str = ""
    until_day: str = ""
    before: str = ""

    def fits(self, line: Line) -> bool:
        """Whether a line is looked for; days are not asked here."""
        _, who, event, _ = line
        return self.who.lower() in who.lower() and self.event in {"", event}


def read_filters(query: Mapping[str, str]) -> Filters:
    """From the address; what makes no sense is left out."""
    return Filters(
        who=query.get("who", "").strip()[:100],
        event=query.get("event", "")[:60],
        from_day=_day(query.get("from", "")),
        until_day=_day(query.get("until", "")),
        before=query["before"] if _CURSOR.fullmatch(query.get("before", "")) else "",
    )


def bounds(filters: Filters, call: Call) -> tuple[str | None, str | None]:
    """The values of `at` that the days stand for: from the first, before the second."""

    def begins(day: date) -> str:
        return stamp(call.in_utc(datetime.combine(day, time())))

    after = begins(date.fromisoformat(filters.from_day)) if filters.from_day else None
    before = begins(date.fromisoformat(filters.until_day) + timedelta(days=1)) if filters.until_day else None
    return after, before


def find_lines(filters: Filters, read: Read, before: str | None) -> tuple[list[Line], str | None]:
    """A page of lines, newest first, and where the next one begins; `None` at the end."""
    found: list[Line] = []
    for _ in range(MOST_READS):
        lines = read(before)
        for line in lines:
            if filters.fits(line):
                found.append(line)
                if len(found) == PAGE:
                    return found, line[0]
        if len(lines) < LOOKED_AT:
            return found, None
        before = lines[-1][0]
    return found, before


def _day(given: str) -> str:
    try:
        return date.fromisoformat(given).isoformat() if "1900" < given < "2200" else ""
    except ValueError:
        return ""
