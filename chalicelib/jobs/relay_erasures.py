"""The relay's third part: what is erased or withdrawn is to leave the exports, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.errors import Unavailable
from chalicelib.jobs.consequences import leaves_exports
from chalicelib.jobs.messages import EraseJob
from chalicelib.jobs.queues import send_erase_job
from chalicelib.runtime.logs import log_fault


def relay_erasures(records: Sequence[dict[str, Any]]) -> set[str]:
    """Ask once for each call in which the records erase something; gives the numbers of the records that failed."""
    jobs: dict[str, EraseJob] = {}
    numbers: dict[str, set[str]] = {}
    for record in records:
        job = _job(record)
        if job is not None:
            known = jobs.get(job.call)
            jobs[job.call] = job if known is None or known.erased_at < job.erased_at else known
            numbers.setdefault(job.call, set()).add(record["dynamodb"]["SequenceNumber"])
    failed: set[str] = set()
    for call, job in jobs.items():
        try:
            send_erase_job(job)
        except Unavailable as error:
            log_fault("relay-unavailable", error.__cause__ or error, call=call, jobs=1)
            failed |= numbers[call]
    return failed


def _job(record: dict[str, Any]) -> EraseJob | None:
    """What cannot be read is left to reconcile."""
    try:
        new, old = record["dynamodb"].get("NewImage"), record["dynamodb"].get("OldImage")
        if new is None or not leaves_exports(new["state"]["S"], old["state"]["S"] if old else None):
            return None
        return EraseJob(call=new["call"]["S"], erased_at=new["changed_at"]["S"])
    except (KeyError, TypeError, AttributeError) as error:
        log_fault("relay-unreadable", error)
        return None
