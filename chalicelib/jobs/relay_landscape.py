"""The relay's other half: a change that the public sees asks for its call's landscape to be refreshed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.errors import Unavailable
from chalicelib.jobs.consequences import Shown, landscape_changed
from chalicelib.jobs.messages import LandscapeJob
from chalicelib.jobs.queues import send_landscape_job
from chalicelib.runtime.logs import log_fault


def relay_landscapes(records: Sequence[dict[str, Any]], asked_at: str) -> set[str]:
    """Ask once for each call whose landscape the records change; gives the numbers of the records that failed.

    `asked_at` is a stamp from after the records: a landscape that was read later knows them.
    """
    changed: dict[str, set[str]] = {}
    for record in records:
        call = _changed_call(record)
        if call is not None:
            changed.setdefault(call, set()).add(record["dynamodb"]["SequenceNumber"])
    failed: set[str] = set()
    for call, numbers in changed.items():
        try:
            send_landscape_job(LandscapeJob(call=call, asked_at=asked_at))
        except Unavailable as error:
            log_fault("relay-unavailable", error.__cause__ or error, call=call, jobs=1)
            failed |= numbers
    return failed


def _changed_call(record: dict[str, Any]) -> str | None:
    """The call whose landscape a record changes. What cannot be read is left to reconcile."""
    try:
        images = record["dynamodb"]
        new, old = images.get("NewImage"), images.get("OldImage")
        if not landscape_changed(_shown(new), _shown(old)):
            return None
        return str((new or old)["call"]["S"])
    except (KeyError, TypeError, AttributeError) as error:
        log_fault("relay-unreadable", error)
        return None


def _shown(image: dict[str, Any] | None) -> Shown | None:
    if image is None:
        return None
    texts = {name: str(image[name]) if name in image else None for name in Shown.__struct_fields__ if name != "state"}
    return Shown(state=image["state"]["S"], **texts)
