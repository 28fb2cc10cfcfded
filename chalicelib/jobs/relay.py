"""The relay: a record of the submissions table's stream becomes messages on the queues.

It only reads ids, states and the names of events, so no record can poison it: what it cannot read it names in the log
and leaves to reconcile. What SQS does not take is handed back to the stream, from the first record that failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from chalicelib.errors import Unavailable
from chalicelib.jobs.consequences import jobs_after
from chalicelib.jobs.messages import MailJob
from chalicelib.jobs.queues import send_mail_jobs
from chalicelib.jobs.relay_erasures import relay_erasures
from chalicelib.jobs.relay_landscape import relay_landscapes
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.logs import log, log_fault


def relay_records(records: Sequence[dict[str, Any]], *, clock: Callable[[], datetime] = now) -> dict[str, Any]:
    """Queue what the records cause; the answer is a partial batch response (Lambda: `ReportBatchItemFailures`)."""
    jobs: list[MailJob] = []
    origins: list[str] = []
    for record in records:
        caused = _jobs(record)
        jobs += caused
        origins += [record["dynamodb"]["SequenceNumber"]] * len(caused)
    try:
        failed = {origins[position] for position in send_mail_jobs(jobs)}
    except Unavailable as error:
        log_fault("relay-unavailable", error.__cause__ or error, jobs=len(jobs))
        failed = set(origins)
    failed |= relay_landscapes(records, stamp(clock()))
    failed |= relay_erasures(records)
    log("relayed", count=len(records), jobs=len(jobs))
    return {"batchItemFailures": [{"itemIdentifier": number} for number in _numbers(records) if number in failed]}


def _numbers(records: Sequence[dict[str, Any]]) -> list[str]:
    return [record["dynamodb"]["SequenceNumber"] for record in records if "dynamodb" in record]


def _jobs(record: dict[str, Any]) -> list[MailJob]:
    if record.get("eventName") not in {"INSERT", "MODIFY"}:
        return []
    try:
        new, old = record["dynamodb"]["NewImage"], record["dynamodb"].get("OldImage")
        return jobs_after(new["call"]["S"], new["id"]["S"], _past(new), _past(old) if old else None)
    except (KeyError, TypeError) as error:
        log_fault("relay-unreadable", error)
        return []


def _past(image: dict[str, Any]) -> tuple[str, list[str]]:
    """State and history of an image; a tombstone has no history."""
    return image["state"]["S"], [one["M"]["event"]["S"] for one in image.get("history", {}).get("L", ())]
