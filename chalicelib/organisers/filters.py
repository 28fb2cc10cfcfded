"""What the inbox is filtered by, as it stands in the address. Values only."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from msgspec import Struct

from chalicelib.calls.call import filter_fields
from chalicelib.runtime.clock import stamp
from chalicelib.submissions.flags import WORDS
from chalicelib.submissions.submission import STATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.calls.call import Call
    from chalicelib.organisers.inbox import Sort
    from chalicelib.submissions.submission import State, Submission

NAMES = ("state", "theme", "district", "relation", "flag", "q", "since", "until", "sort")
ALL = "all"


class Filters(Struct, frozen=True):
    """The filters as text, empty where there is none; what makes no sense is as if it were not there."""

    state: str = ""
    theme: str = ""
    district: str = ""
    relation: str = ""
    flag: str = ""
    q: str = ""
    since: str = ""
    until: str = ""
    sort: str = ""

    @property
    def states(self) -> tuple[State, ...]:
        """The states to look in."""
        return tuple(one for one in STATES if self.state in {one, ALL, ""})

    @property
    def order(self) -> Sort:
        """By the last change."""
        return "oldest" if self.sort == "oldest" else "newest"

    @property
    def narrow(self) -> bool:
        """Whether anything but the state is asked for."""
        return any(getattr(self, name) for name in NAMES if name not in {"state", "sort"})

    def query(self, **changes: str) -> str:
        """The query of an address, with some of them changed."""
        values = {name: getattr(self, name) for name in NAMES} | changes
        return urlencode({name: value for name, value in values.items() if value})


def read_filters(call: Call, query: Mapping[str, str], *, state: str) -> Filters:
    """What an address asks for; `state` where it names none."""
    asked = {name: query.get(name, "").strip() for name in NAMES}
    fields = filter_fields(call)
    for name in ("theme", "district", "relation"):
        field = fields.get(name)
        if field is None or all(choice.id != asked[name] for choice in field.choices):
            asked[name] = ""
    asked["state"] = asked["state"] if asked["state"] in {*STATES, ALL} else state
    asked["flag"] = asked["flag"] if asked["flag"] in WORDS else ""
    asked["sort"] = "oldest" if asked["sort"] == "oldest" else ""
    for name in ("since", "until"):
        asked[name] = asked[name] if _day(asked[name]) else ""
    return Filters(**asked)


def fits(call: Call, filters: Filters, submission: Submission) -> bool:
    """Whether a submission is what is looked for."""
    if filters.flag and filters.flag not in submission.flags:
        return False
    if filters.since and submission.submitted_at < since_stamp(call, filters):
        return False
    if filters.until and submission.submitted_at >= _bound(call, filters.until, timedelta(days=1)):
        return False
    answers = submission.read_answers()
    for name, field in filter_fields(call).items():
        wanted = getattr(filters, name)
        if wanted and wanted not in _listed(answers.get(field.id)):
            return False
    return not filters.q or _holds(submission, answers, filters.q)


def since_stamp(call: Call, filters: Filters) -> str:
    """The first moment of the day `since`, in the call's zone; nothing changed before it can have come in later."""
    return _bound(call, filters.since, timedelta())


def _bound(call: Call, day: str, more: timedelta) -> str:
    return stamp(call.in_utc(datetime.combine(date.fromisoformat(day) + more, time())))


def _day(text: str) -> bool:
    try:
        return date(1970, 1, 1) <= date.fromisoformat(text) <= date(9000, 1, 1)
    except ValueError:
        return False


def _listed(answer: Any) -> list[Any]:
    return answer if isinstance(answer, list) else [answer]


def _holds(submission: Submission, answers: dict[str, Any], asked: str) -> bool:
    """Whether every word stands in the answers or in the reference."""
    texts = [str(part) for answer in answers.values() for part in _listed(answer)]
    whole = " ".join([*texts, submission.edited or "", submission.reference, submission.id]).casefold()
    return all(word in whole for word in asked.casefold().split())
