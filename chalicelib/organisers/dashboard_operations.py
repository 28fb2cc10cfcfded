"""What the dashboard's routes take and give, for `/openapi.json`. The words are the views' docstrings."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from chalicelib.calls.schema import call_name
from chalicelib.figures.figures import LastExport, Tally
from chalicelib.organisers.overview import OverviewDocument
from chalicelib.web.operation import JSON, PAGE, Answer, Operation

_PAGE = {"type": "string"}
_CALL = {"call": call_name}


class DashboardDocument(TypedDict):
    """Your calls."""

    calls: list[OverviewDocument]


class CallOverviewDocument(OverviewDocument):
    """One call; `days` says how many reports came in on each day, in the call's time zone."""

    days: dict[str, int]


class StatisticsDocument(TypedDict):
    """A call in figures; nothing but `call` and `as_of` (`null`) while nobody has counted yet.

    `fields` has, for each field with choices, how many confirmed reports chose what, and how many of those were
    accepted. `waits`: decisions by how many days they took at most, longer ones under `0`; `typical_wait`: the median
    in seconds.
    """

    call: str
    as_of: str | None
    at: NotRequired[str]
    states: NotRequired[dict[str, int]]
    days: NotRequired[dict[str, int]]
    fields: NotRequired[dict[str, dict[str, Tally]]]
    languages: NotRequired[dict[str, Tally]]
    waits: NotRequired[dict[str, int]]
    typical_wait: NotRequired[int | None]
    waiting_since: NotRequired[str | None]
    mails: NotRequired[dict[str, int]]
    export: NotRequired[LastExport | None]


DASHBOARD = Operation(
    room="organisers", login=True, gives={200: Answer("As JSON or as a page.", {JSON: DashboardDocument, PAGE: _PAGE})}
)
OVERVIEW = Operation(
    room="organisers",
    names=_CALL,
    login=True,
    gives={200: Answer("As JSON or as a page.", {JSON: CallOverviewDocument, PAGE: _PAGE})},
)
STATISTICS = Operation(
    room="organisers",
    names=_CALL,
    login=True,
    gives={200: Answer("As JSON or as a page.", {JSON: StatisticsDocument, PAGE: _PAGE})},
)
