"""The pages and documents that show calls: the list of running ones, and one call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.intake.landscape_link import something_to_see
from chalicelib.runtime.clock import stamp
from chalicelib.web.pages import render

if TYPE_CHECKING:
    from chalicelib.calls.call import Call, PublishedCall
    from chalicelib.web.request import Request


def call_document(published: PublishedCall, now: datetime) -> dict[str, Any]:
    """The public part of a definition: everything but who runs it and how it is guarded."""
    call = published.call
    everything: dict[str, Any] = msgspec.to_builtins(call)
    public = (
        "call",
        "languages",
        "title",
        "intro",
        "organiser",
        "contact",
        "privacy",
        "time_zone",
        "form",
        "landscape",
    )
    document = {name: everything[name] for name in public}
    for step in document["form"]["steps"]:
        for field in step["fields"]:
            field["max_length"] = call.fields[field["id"]].longest
    return document | {
        "version": published.version,
        "phase": call.phase(now),
        "opens_at": stamp(call.opens),
        "closes_at": stamp(call.closes) if call.closes else None,
        "event": event_document(call),
        "policy": {
            "tickets": call.policy.tickets,
            "proof_of_work": call.policy.proof_of_work,
            "unconfirmed_days": call.policy.unconfirmed_days,
        },
    }


def event_document(call: Call) -> dict[str, Any] | None:
    """The event, its times in UTC."""
    event = call.event
    if event is None:
        return None
    times = {"starts_at": stamp(call.in_utc(event.starts_at)), "ends_at": stamp(call.in_utc(event.ends_at))}
    return {"title": event.title, "place": event.place, "note": event.note} | times


def calls_page(running: Sequence[PublishedCall], request: Request) -> str:
    """The list of running calls."""
    return render("intake/calls.html", request, calls=[one.call for one in running])


def call_page(published: PublishedCall, request: Request, now: datetime) -> str:
    """One call: what it asks, by whom, until when, and the event."""
    call = published.call
    over = call.event is not None and call.in_utc(call.event.ends_at) < now
    return render(
        "intake/call.html", request, call=call, phase=call.phase(now), event_over=over, landscape=something_to_see(call)
    )
