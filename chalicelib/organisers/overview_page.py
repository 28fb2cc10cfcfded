"""The dashboard and the overview of a call as pages."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from chalicelib.access.pages import in_words
from chalicelib.ledger.entry import TROUBLE
from chalicelib.ledger.entry import WORDS as MAIL_WORDS
from chalicelib.organisers.charts import HEIGHT, WIDTH, Timeline, timeline
from chalicelib.organisers.labels import EXPORT_WORDS, PHASE_WORDS
from chalicelib.organisers.words import STATES as STATE_WORDS
from chalicelib.runtime.clock import moment
from chalicelib.web.languages import format_day, format_moment, translate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.calls.call import Call
    from chalicelib.figures.figures import Figures
    from chalicelib.web.request import Request


def dashboard_card(call: Call, document: Mapping[str, Any], request: Request) -> dict[str, Any]:
    """What one call's card on the dashboard shows."""
    language = request.language

    def when(stamped: str | None) -> str:
        return format_moment(moment(stamped), language, call.time_zone) if stamped else ""

    export = document["last_export"]
    return {
        "call": call.call,
        "title": in_words(call.title, language),
        "phase": translate(language, PHASE_WORDS[document["phase"]]),
        "total": document["total"],
        "waiting": document["waiting"],
        "waiting_since": when(document["waiting_since"]),
        "trouble": document["mails_in_trouble"],
        "overdue": document["mails_overdue"],
        "as_of": when(document["as_of"]),
        "states": state_counts(document["counts"], language),
        "export": {
            "when": when(export["snapshot_at"]),
            "state": translate(language, EXPORT_WORDS.get(export["state"], export["state"])),
            "ready": export["state"] == "ready",
            "exported": export["exported"],
            "adds_up": export["adds_up"],
        }
        if export
        else None,
        "came_since": document["came_since"],
    }


def call_context(
    call: Call, document: Mapping[str, Any], figures: Figures | None, request: Request, now: datetime
) -> dict[str, Any]:
    """What the overview of a call shows."""
    language = request.language
    event = call.event
    return {
        "card": dashboard_card(call, document, request),
        "mails": mail_counts(document["mails"], language),
        "chart": chart_context(figures, call, language, now),
        "event": {
            "title": in_words(event.title, language),
            "when": format_moment(call.in_utc(event.starts_at), language, call.time_zone),
            "place": in_words(event.place, language),
        }
        if event
        else None,
        "closes": format_moment(call.closes, language, call.time_zone) if call.closes else "",
        "opens": format_moment(call.opens, language, call.time_zone),
    }


def state_counts(counts: Mapping[str, int], language: str) -> list[dict[str, Any]]:
    """How many there are in each state, in the order in which they come."""
    return [
        {"state": state, "words": translate(language, words), "count": counts.get(state, 0)}
        for state, words in STATE_WORDS.items()
    ]


def mail_counts(mails: Mapping[str, int], language: str) -> list[dict[str, Any]]:
    """How many mails there are in each state."""
    return [
        {"state": state, "words": translate(language, words), "count": mails.get(state, 0), "trouble": state in TROUBLE}
        for state, words in MAIL_WORDS.items()
    ]


def chart_context(figures: Figures | None, call: Call, language: str, now: datetime) -> dict[str, Any] | None:
    """Reports over time; `None` where there is nothing to draw."""
    if figures is None or not figures.days:
        return None
    drawn = timeline(figures.days, _last_day(call, figures, now))
    noon = 12

    def day(one: Any) -> str:
        return format_day(datetime(one.year, one.month, one.day, noon, tzinfo=ZoneInfo(call.time_zone)), language,
                          call.time_zone)  # fmt: skip

    return {
        "timeline": drawn,
        "width": WIDTH,
        "height": HEIGHT,
        "rows": [(day(bar.begins), bar.count) for bar in drawn.bars],
        "first": day(drawn.bars[0].begins),
        "last": day(drawn.bars[-1].begins),
        "most": drawn.most,
        "labels": _labels(drawn),
    }


def _last_day(call: Call, figures: Figures, now: datetime) -> Any:
    """Today, or the last day on which anything came or could come."""
    newest = datetime.fromisoformat(max(figures.days)).date()
    ends = min(call.closes or now, now).astimezone(ZoneInfo(call.time_zone)).date()
    return max(newest, ends)


def _labels(drawn: Timeline) -> list[tuple[float, int]]:
    """Where a bar is wide enough for its number."""
    wide = 18
    return [(round(bar.x + bar.width / 2, 2), bar.count) for bar in drawn.bars if bar.count and bar.width >= wide]
