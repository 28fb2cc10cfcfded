"""The statistics of a call as a page: each figure a bar and a number in a table, so that nobody needs the drawing."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.access.pages import in_words
from chalicelib.errors import N_
from chalicelib.figures.figures import MORE, Tally, counted_fields
from chalicelib.organisers.charts import share
from chalicelib.organisers.overview_page import chart_context, mail_counts, state_counts
from chalicelib.runtime.clock import moment
from chalicelib.web.languages import format_moment, translate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.calls.call import Call
    from chalicelib.figures.figures import Figures
    from chalicelib.web.request import Request

_LANGUAGES = {"de": N_("German"), "en": N_("English")}
_HOUR, _DAY = 3600, 86_400


def statistics_context(call: Call, figures: Figures | None, request: Request, now: datetime) -> dict[str, Any]:
    """What the page shows."""
    language = request.language
    if figures is None:
        return {"as_of": "", "groups": [], "chart": None, "states": [], "mails": [], "waits": [], "typical": ""}
    groups = [
        {
            "id": f"field-{field.id}",
            "title": in_words(field.label, language),
            "several": field.type == "choices",
            "rows": _rows(
                figures.fields.get(field.id, {}), {one.id: in_words(one.label, language) for one in field.choices}
            ),
        }
        for field in counted_fields(call)
    ]
    spoken = {name: translate(language, words) for name, words in _LANGUAGES.items()}
    groups.append({
        "id": "languages",
        "title": translate(language, N_("Language of the report")),
        "several": False,
        "rows": _rows(figures.languages, spoken),
    })  # fmt: skip
    states = state_counts(figures.states, language)
    mails = mail_counts(figures.mails, language)
    return {
        "as_of": format_moment(moment(figures.at), language, call.time_zone),
        "groups": groups,
        "chart": chart_context(figures, call, language, now),
        "states": _with_bars(states),
        "mails": _with_bars(mails),
        "waits": _with_bars([
            {"words": _within(days, language), "count": count} for days, count in figures.waits.items()
        ]),
        "typical": _span(figures.typical_wait, language),
    }  # fmt: skip


def _rows(tallies: Mapping[str, Tally], words: Mapping[str, str]) -> list[dict[str, Any]]:
    most = max((one.reports for one in tallies.values()), default=0)
    return [
        {
            "words": words.get(name, name),
            "reports": one.reports,
            "accepted": one.accepted,
            "bar": share(one.reports, most),
            "part": share(one.accepted, most),
        }
        for name, one in tallies.items()
    ]


def _with_bars(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    most = max((row["count"] for row in rows), default=0)
    return [row | {"bar": share(row["count"], most)} for row in rows]


def _within(days: int, language: str) -> str:
    if days == MORE:
        return translate(language, N_("longer"))
    if days == 1:
        return translate(language, N_("within a day"))
    return translate(language, N_("within %(days)s days"), {"days": days})


def _span(seconds: int | None, language: str) -> str:
    """A span of time in the words that fit it."""
    if seconds is None:
        return ""
    if seconds < _HOUR:
        return translate(language, N_("less than an hour"))
    if seconds < 2 * _DAY:
        return translate(language, N_("about %(hours)s hours"), {"hours": round(seconds / _HOUR)})
    return translate(language, N_("about %(days)s days"), {"days": round(seconds / _DAY)})
